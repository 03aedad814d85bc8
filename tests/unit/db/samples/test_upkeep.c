/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Days that are rolled up, and what goes when its time is over. */
#include "samples_fixture.h"

/* Two days of a counter and a gauge, a sample each 10 s, in batches of an hour. */
static void add_days(struct fixture *f, int days)
{
	struct db_sample_in in[720];
	int64_t n = 0;

	for (int64_t t = T0; t < T0 + days * DAY; t += HOUR_MS) {
		for (int i = 0; i < 360; i++, n++) {
			in[2 * i] = (struct db_sample_in){ "c", "", DB_COUNTER,
							   t + i * 10000, (double)n };
			in[2 * i + 1] =
				(struct db_sample_in){ "g", "", DB_GAUGE, t + i * 10000,
						       (double)(n % 360) };
		}
		assert_ok(db_samples_add(f->db, in, 720, t + HOUR_MS, NULL, &f->e),
			  &f->e);
		maintain_at(f, t + HOUR_MS);
	}
}

static void days_are_rolled_up_and_give_the_same_answers(void **state)
{
	struct fixture *f = *state;
	double before[48], after[48];
	enum db_agg aggs[] = { DB_AGG_AVG, DB_AGG_MAX, DB_AGG_LAST, DB_AGG_COUNT };

	add_days(f, 2);
	for (size_t k = 0; k < ARRAY_SIZE(aggs); k++) {
		/* Off the roll-up's grid by nothing but the start: raw. */
		assert_ok(db_samples_range(f->db, id_of(f, "g"), T0, HOUR_MS, aggs[k],
					   after, 48, &f->e),
			  &f->e);
		assert_ok(db_samples_range(f->db, id_of(f, "g"), T0 - 1, HOUR_MS + 1,
					   aggs[k], before, 1, &f->e),
			  &f->e);
		assert_close(after[0], before[0], 0);
		assert_close(after[47], after[0], 0);
	}
	assert_ok(db_samples_range(f->db, id_of(f, "c"), T0, HOUR_MS, DB_AGG_INCREASE,
				   after, 48, &f->e),
		  &f->e);
	assert_close(after[0], 359, 0);
	for (int i = 1; i < 48; i++)
		assert_close(after[i], 360, 0);
}

static void old_samples_go_and_their_roll_ups_stand_in(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_samples_done) struct db_samples s = { 0 };
	double out[24];

	add_days(f, 4);
	assert_ok(db_samples_get(f->db, id_of(f, "c"), T0, T0 + 4 * DAY, &s, &f->e),
		  &f->e);
	/* Two days as 5 min buckets, two (and a bit) as samples. */
	assert_in_range(s.n, 2 * 8640 + 500, 2 * 8640 + 1400);
	assert_close(s.v[s.n - 1].v, 4 * 8640 - 1, 0);
	for (size_t i = 1; i < s.n; i++) {
		assert_true(s.v[i].t_ms > s.v[i - 1].t_ms);
		assert_close((s.v[i].v - s.v[0].v) / 1000.0,
			     (double)(s.v[i].t_ms - s.v[0].t_ms) / 1e7, 0.002);
	}
	/* Finer than what is left: the bucket's value holds for each of its steps. */
	assert_ok(db_samples_range(f->db, id_of(f, "c"), T0 + HOUR_MS, MIN_MS,
				   DB_AGG_INCREASE, out, 24, &f->e),
		  &f->e);
	for (int i = 0; i < 24; i++)
		assert_close(out[i], 6, 1e-9);
	assert_ok(db_samples_range(f->db, id_of(f, "g"), T0 + HOUR_MS, MIN_MS, DB_AGG_MAX,
				   out, 24, &f->e),
		  &f->e);
	assert_close(out[0], 29, 0);
}

static void a_late_sample_of_a_rolled_day_is_rolled_up_too(void **state)
{
	struct fixture *f = *state;
	double out[1];

	add_days(f, 2);
	add_at(f, "g", "", DB_GAUGE, T0 + HOUR_MS + 5, 5000, T0 + 2 * DAY, NULL);
	assert_ok(db_samples_range(f->db, id_of(f, "g"), T0 + HOUR_MS, HOUR_MS,
				   DB_AGG_MAX, out, 1, &f->e),
		  &f->e);
	assert_close(out[0], 5000, 0);
}

static void everything_goes_when_its_retention_is_over(void **state)
{
	struct fixture *f = *state;
	struct db_limits l;
	struct db_sample_in host = { "h", "host=\"web-1\"", DB_GAUGE, T0 + DAY, 1 };

	db_limits_default(&l);
	l.retention_5m_ms = 5 * DAY;
	l.retention_1h_ms = 10 * DAY;
	db_set_limits(f->db, &l);
	add_days(f, 2);
	assert_ok(db_samples_add(f->db, &host, 1, T0 + 2 * DAY, NULL, &f->e), &f->e);
	pack_all(f, T0 + 3 * DAY);
	maintain_at(f, T0 + 6 * DAY);
	maintain_at(f, T0 + 9 * DAY);
	/* The host's series went with the 5 min; of the others the hours are left. */
	assert_int_equal(db_series_count(f->db), 2);
	assert_int_equal(count(f, "g", T0, T0 + 9 * DAY), 48);
	maintain_at(f, T0 + 14 * DAY);
	assert_int_equal(db_series_count(f->db), 0);
	fixture_reopen(f);
	assert_int_equal(db_series_count(f->db), 0);
}

static void a_label_set_of_an_answer_goes_once_it_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	add_at(f, DB_ANSWER_NAME, "series=\"{}\"", DB_GAUGE, T0 + DAY, 1, T0 + DAY, NULL);
	add_at(f, "g", "", DB_GAUGE, T0 + DAY, 1, T0 + DAY, NULL);
	pack_all(f, T0 + 2 * DAY);
	maintain_at(f, T0 + 8 * DAY);
	assert_int_equal(db_series_count(f->db), 2);
	maintain_at(f, T0 + 10 * DAY);
	assert_int_equal(db_series_count(f->db), 1);
	assert_int_equal(db_series_id(f->db, DB_ANSWER_NAME, "series=\"{}\""), 0);
	assert_int_equal(db_series_id(f->db, "g", ""), id_of(f, "g"));
}

static void history_tables_are_pruned_by_age_and_by_number(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	struct db_limits limits;

	db_limits_default(&limits);
	limits.max_history_rows = 10;
	db_set_limits(f->db, &limits);
	for (int i = 0; i < 30; i++) {
		struct db_event e = { .kind = "x", .at_ms = T0 + i };

		assert_ok(db_event_add(f->db, &e, NULL, &f->e), &f->e);
	}
	maintain_at(f, T0 + DAY);
	assert_ok(db_event_list(f->db, NULL, &l, &f->e), &f->e);
	assert_int_equal(l.n, 10);
	assert_int_equal(l.v[0].at_ms, T0 + 20);
	db_event_list_done(&l);
	maintain_at(f, T0 + 91 * DAY);
	assert_ok(db_event_list(f->db, NULL, &l, &f->e), &f->e);
	assert_int_equal(l.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(days_are_rolled_up_and_give_the_same_answers),
		DB_TEST(old_samples_go_and_their_roll_ups_stand_in),
		DB_TEST(a_late_sample_of_a_rolled_day_is_rolled_up_too),
		DB_TEST(everything_goes_when_its_retention_is_over),
		DB_TEST(a_label_set_of_an_answer_goes_once_it_is_not_waited_for),
		DB_TEST(history_tables_are_pruned_by_age_and_by_number),
	};

	return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
