/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples that come in, and what is read of them. */
#include "samples_fixture.h"

#include "labels.h"

static int64_t rows_of(struct fixture *f, const char *sql)
{
	int64_t n = 0;

	assert_ok(db_conn_int(f->db->writer, sql, &n, &f->e), &f->e);
	return n;
}

/* Memory is for a number of them, however soon they come. */
static void many_samples_are_packed_before_their_time(void **state)
{
	struct fixture *f = *state;
	struct db_limits l;

	db_limits_default(&l);
	l.max_waiting = 50;
	db_set_limits(f->db, &l);
	for (int i = 0; i < 50; i++)
		add(f, "g", T0 + i * 1000, i);
	maintain_at(f, T0 + MIN_MS);
	assert_int_equal(rows_of(f, "SELECT ifnull(max(id), 0) FROM sample_chunk"), 0);
	add(f, "g", T0 + 50 * 1000, 50);
	maintain_at(f, T0 + MIN_MS);
	assert_int_equal(rows_of(f, "SELECT ifnull(max(id), 0) FROM sample_chunk"), 1);
	assert_int_equal(rows_of(f, "SELECT ifnull(max(id), 0) FROM sample_log"), 0);
	fixture_reopen(f);
	assert_int_equal(count(f, "g", T0, T0 + MIN_MS), 51);
}

static void samples_come_back_before_and_after_packing_and_reopening(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_samples_done) struct db_samples s = { 0 };
	int64_t end = T0 + 999 * 10000;

	for (int i = 0; i < 1000; i++)
		add(f, "load", T0 + i * 10000, i * 0.5);
	for (int round = 0; round < 4; round++) {
		assert_ok(db_samples_get(f->db, id_of(f, "load"), T0 + 100000, end, &s,
					 &f->e),
			  &f->e);
		assert_int_equal(s.n, 990);
		assert_int_equal(s.v[0].t_ms, T0 + 100000);
		assert_close(s.v[989].v, 499.5, 0);
		if (round == 1)
			pack_all(f, end);
		else
			fixture_reopen(f);
	}
}

static void late_and_double_samples_find_their_place(void **state)
{
	struct fixture *f = *state;
	struct db_samples_result r = { 0 };
	int64_t now = T0 + 600 * 10000;

	for (int i = 0; i < 600; i += 2)
		add(f, "load", T0 + i * 10000, i);
	pack_all(f, now);
	for (int i = 1; i < 600; i += 2)
		add_at(f, "load", "", DB_GAUGE, T0 + i * 10000, i, now, NULL);
	add_at(f, "load", "", DB_GAUGE, T0 + 10000, 77, now, &r);
	assert_int_equal(r.duplicate, 1);
	assert_int_equal(r.added, 0);
	add_at(f, "load", "", DB_GAUGE, T0 - 5000, -1, now, &r);
	assert_int_equal(r.added, 1);
	assert_int_equal(count(f, "load", 0, now), 601);
	fixture_reopen(f);
	assert_int_equal(count(f, "load", 0, now), 601);
	pack_all(f, now);
	assert_int_equal(count(f, "load", 0, now), 601);
	assert_int_equal(count(f, "load", T0 + 10000, T0 + 19999), 1);
}

static void a_shuffled_batch_is_the_same_as_a_sorted_one(void **state)
{
	struct fixture *f = *state;
	struct db_sample_in in[500];
	struct db_samples_result r;

	for (int i = 0; i < 500; i++)
		in[i] = (struct db_sample_in){ "load", "", DB_GAUGE,
					       T0 + (i * 211 % 500) * 1000, i };
	assert_ok(db_samples_add(f->db, in, 250, T0 + DAY / 2, &r, &f->e), &f->e);
	pack_all(f, T0 + DAY / 2);
	assert_ok(db_samples_add(f->db, in, 500, T0 + DAY / 2, &r, &f->e), &f->e);
	assert_int_equal(r.added, 250);
	assert_int_equal(r.duplicate, 250);
	assert_int_equal(count(f, "load", 0, T0 + DAY), 500);
	pack_all(f, T0 + DAY / 2);
	fixture_reopen(f);
	assert_int_equal(count(f, "load", 0, T0 + DAY), 500);
}

static void what_cannot_be_a_sample_is_refused_and_counted(void **state)
{
	struct fixture *f = *state;
	int64_t now = T0 + 10 * DAY;
	struct db_sample_in in[] = {
		{ "ok", "a=\"1\",b=\"2\"", DB_GAUGE, now, 1 },
		{ "nan", "", DB_GAUGE, now, NAN },
		{ "inf", "", DB_GAUGE, now, -INFINITY },
		{ "future", "", DB_GAUGE, now + 11 * MIN_MS, 1 },
		{ "old", "", DB_GAUGE, now - 2 * DAY - 1, 1 },
		{ "9bad", "", DB_GAUGE, now, 1 },
		{ "unsorted", "b=\"1\",a=\"2\"", DB_GAUGE, now, 1 },
		{ "twice", "a=\"1\",a=\"2\"", DB_GAUGE, now, 1 },
		{ "behind", "a=\"1\"x", DB_GAUGE, now, 1 },
		{ "comma", ",a=\"1\"", DB_GAUGE, now, 1 },
		{ "empty", "a=\"\"", DB_GAUGE, now, 1 },
	};
	struct db_samples_result r;

	assert_ok(db_samples_add(f->db, in, ARRAY_SIZE(in), now, &r, &f->e), &f->e);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.too_old, 1);
	assert_int_equal(r.refused, 9);
	assert_int_equal(db_series_count(f->db), 1);
}

static void over_the_limit_of_series_new_ones_are_refused_and_named(void **state)
{
	struct fixture *f = *state;
	struct db_limits l;
	struct db_samples_result r;
	char text[300];
	struct db_sample_in in[] = { { "a", "", DB_GAUGE, T0, 1 },
				     { "b", "", DB_GAUGE, T0, 1 },
				     { "c", "", DB_GAUGE, T0, 1 } };

	db_limits_default(&l);
	l.max_series = 2;
	db_set_limits(f->db, &l);
	assert_false(db_series_problem(f->db, text, sizeof(text)));
	assert_ok(db_samples_add(f->db, in, 3, T0, &r, &f->e), &f->e);
	assert_int_equal(r.added, 2);
	assert_int_equal(r.no_room, 1);
	assert_int_equal(db_series_count(f->db), 2);
	assert_true(db_series_problem(f->db, text, sizeof(text)));
	assert_non_null(strstr(text, "'c{}'; there are 2 in all"));
	for (size_t i = 0; i < 3; i++)
		in[i].t_ms = T0 + 1000;
	assert_ok(db_samples_add(f->db, in, 3, T0 + 1000, &r, &f->e), &f->e);
	assert_int_equal(r.added, 2);
	fixture_reopen(f);
	assert_int_equal(db_series_count(f->db), 2);
}

static void one_host_or_unit_takes_no_more_than_its_share(void **state)
{
	struct fixture *f = *state;
	struct db_limits l;
	struct db_samples_result r;
	struct db_sample_in in[8];
	char *labels[8], text[300];

	db_limits_default(&l);
	l.max_host_series = 4;
	l.max_unit_series = 3;
	db_set_limits(f->db, &l);
	for (int i = 0; i < 8; i++) {
		labels[i] = xasprintf("host=\"%s\",i=\"%d\",unit=\"%s\"",
				      i < 6 ? "a" : "b", i, i < 4 ? "web" : "db");
		in[i] = (struct db_sample_in){ "m", labels[i], DB_GAUGE, T0, 1 };
	}
	assert_ok(db_samples_add(f->db, in, 4, T0, &r, &f->e), &f->e);
	assert_int_equal(r.no_room, 1);
	assert_true(db_series_problem(f->db, text, sizeof(text)));
	assert_non_null(strstr(text, "there are 3 of its unit"));
	fixture_reopen(f);
	db_set_limits(f->db, &l);
	assert_ok(db_samples_add(f->db, in + 4, 4, T0, &r, &f->e), &f->e);
	assert_int_equal(r.no_room, 1);
	assert_int_equal(r.added, 3);
	assert_true(db_series_problem(f->db, text, sizeof(text)));
	assert_non_null(strstr(text, "there are 4 of its host"));
	for (int i = 0; i < 8; i++)
		free(labels[i]);
}

static void the_newest_samples_are_in_memory_also_after_packing(void **state)
{
	struct fixture *f = *state;
	struct db_sample got[64];
	int64_t end = T0 + 199 * 10000, id, first = 0;

	for (int i = 0; i < 200; i++)
		add(f, "load", T0 + i * 10000, i);
	pack_all(f, end);
	id = id_of(f, "load");
	for (int round = 0; round < 2; round++) {
		assert_int_equal(
			db_samples_recent(f->db, id, end - 60000, end, got, 64, &first),
			7);
		assert_close(got[6].v, 199, 0);
		assert_int_equal(first, T0);
		assert_int_equal(
			db_samples_recent(f->db, id, end - 60000, end - 1, got, 3, NULL),
			3);
		assert_close(got[2].v, 198, 0);
		/* The newest one, although the window begins after it. */
		assert_int_equal(
			db_samples_recent(f->db, id, end + 5, end + 9, got, 64, NULL), 1);
		assert_close(got[0].v, 199, 0);
		fixture_reopen(f);
	}
}

static void steps_hold_what_was_asked_for(void **state)
{
	struct fixture *f = *state;
	double out[4];
	int64_t id;

	add(f, "g", T0, 1);
	add(f, "g", T0 + 20000, 3);
	add(f, "g", T0 + 60000, 10);
	add(f, "g", T0 + 200000, 5);
	id = id_of(f, "g");
	assert_ok(db_samples_range(f->db, id, T0, 60000, DB_AGG_AVG, out, 4, &f->e),
		  &f->e);
	assert_close(out[0], 2, 0);
	assert_close(out[1], 10, 0);
	assert_true(isnan(out[2]));
	assert_close(out[3], 5, 0);
	assert_ok(db_samples_range(f->db, id, T0, 60000, DB_AGG_MAX, out, 4, &f->e),
		  &f->e);
	assert_close(out[0], 3, 0);
	assert_ok(db_samples_range(f->db, id, T0, 60000, DB_AGG_COUNT, out, 4, &f->e),
		  &f->e);
	assert_close(out[0], 2, 0);
	assert_ok(db_samples_range(f->db, id, T0, 60000, DB_AGG_LAST, out, 1, &f->e),
		  &f->e);
	assert_close(out[0], 3, 0);
}

static void a_counter_that_falls_has_begun_anew(void **state)
{
	struct fixture *f = *state;
	double out[3];
	const double v[] = { 100, 160, 20, 50, 50, 80 };

	for (int i = 0; i < 6; i++)
		add_at(f, "c", "", DB_COUNTER, T0 + i * 30000, v[i], T0 + i * 30000,
		       NULL);
	assert_ok(db_samples_range(f->db, id_of(f, "c"), T0, 60000, DB_AGG_INCREASE, out,
				   3, &f->e),
		  &f->e);
	assert_close(out[0], 60, 0);
	assert_close(out[1], 20 + 30, 0);
	assert_close(out[2], 30, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(many_samples_are_packed_before_their_time),
		DB_TEST(samples_come_back_before_and_after_packing_and_reopening),
		DB_TEST(late_and_double_samples_find_their_place),
		DB_TEST(a_shuffled_batch_is_the_same_as_a_sorted_one),
		DB_TEST(what_cannot_be_a_sample_is_refused_and_counted),
		DB_TEST(over_the_limit_of_series_new_ones_are_refused_and_named),
		DB_TEST(one_host_or_unit_takes_no_more_than_its_share),
		DB_TEST(the_newest_samples_are_in_memory_also_after_packing),
		DB_TEST(steps_hold_what_was_asked_for),
		DB_TEST(a_counter_that_falls_has_begun_anew),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
