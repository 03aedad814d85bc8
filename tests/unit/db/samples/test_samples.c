/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "labels.h"

#include <pthread.h>

#define MIN_MS ((int64_t)60000)
#define HOUR_MS ((int64_t)3600000)
#define DAY ((int64_t)86400000)
#define T0 (20000 * DAY) /* a midnight in 2024 */

static void add_at(struct fixture *f, const char *name, const char *labels,
		   enum db_series_kind kind, int64_t t, double v, int64_t now,
		   struct db_samples_result *result)
{
	struct db_sample_in in = { name, labels, kind, t, v };

	assert_ok(db_samples_add(f->db, &in, 1, now, result, &f->e), &f->e);
}

static void add(struct fixture *f, const char *name, int64_t t, double v)
{
	add_at(f, name, "", DB_GAUGE, t, v, t, NULL);
}

static int64_t id_of(struct fixture *f, const char *name)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new(name, NULL, 0, &s, &f->e), &f->e);
	db_selector_ids(f->db, s, &ids, &n);
	assert_int_equal(n, 1);
	return ids[0];
}

/* All that is to be done at now, as the controller's ticks would. */
static void maintain_at(struct fixture *f, int64_t now)
{
	bool more = true;

	assert_ok(db_maintain(f->db, now, 1000, &more, &f->e), &f->e);
	while (more)
		assert_ok(db_maintain(f->db, now, 1000, &more, &f->e), &f->e);
}

static void pack_all(struct fixture *f, int64_t now)
{
	maintain_at(f, now);
	maintain_at(f, now + 30 * MIN_MS);
}

static size_t count(struct fixture *f, const char *name, int64_t from, int64_t to)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };

	assert_ok(db_samples_get(f->db, id_of(f, name), from, to, &s, &f->e), &f->e);
	for (size_t i = 1; i < s.n; i++)
		assert_true(s.v[i].t_ms > s.v[i - 1].t_ms);
	return s.n;
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

static void over_the_limit_of_series_nothing_of_a_batch_is_stored(void **state)
{
	struct fixture *f = *state;
	struct db_limits l;
	struct db_sample_in in[] = { { "a", "", DB_GAUGE, T0, 1 },
				     { "b", "", DB_GAUGE, T0, 1 },
				     { "c", "", DB_GAUGE, T0, 1 } };

	db_limits_default(&l);
	l.max_series = 2;
	db_set_limits(f->db, &l);
	assert_int_equal(db_samples_add(f->db, in, 3, T0, NULL, &f->e), ERR_LIMIT);
	assert_int_equal(db_series_count(f->db), 0);
	assert_ok(db_samples_add(f->db, in, 2, T0, NULL, &f->e), &f->e);
	fixture_reopen(f);
	assert_int_equal(db_series_count(f->db), 2);
}

static size_t select_n(struct fixture *f, const char *name, const char *label,
		       enum db_match_op op, const char *value)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	struct db_matcher m = { label, op, value };
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new(name, &m, 1, &s, &f->e), &f->e);
	db_selector_ids(f->db, s, &ids, &n);
	return n;
}

static void selectors_match_as_prometheus_does(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	struct db_matcher bad = { "a", DB_MATCH_RE, "(" };

	add_at(f, "m", "a=\"one\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "a=\"two\",b=\"x \\\"y\\\"\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "other", "a=\"one\"", DB_GAUGE, T0, 1, T0, NULL);

	assert_int_equal(select_n(f, "m", "a", DB_MATCH_EQ, "one"), 1);
	assert_int_equal(select_n(f, "", "a", DB_MATCH_EQ, "one"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_NE, "one"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_EQ, ""), 1);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_RE, "one|two"), 2);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_RE, "on"), 0);
	assert_int_equal(select_n(f, "m", "a", DB_MATCH_NRE, "t.*"), 2);
	assert_int_equal(select_n(f, "m", "b", DB_MATCH_EQ, "x \"y\""), 1);
	assert_int_equal(db_selector_new("m", &bad, 1, &s, &f->e), ERR_INVAL);
}

static void a_selector_sees_series_that_come_later(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new("m", NULL, 0, &s, &f->e), &f->e);
	db_selector_ids(f->db, s, &ids, &n);
	assert_int_equal(n, 0);
	add_at(f, "m", "a=\"1\"", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "m", "a=\"2\"", DB_GAUGE, T0, 1, T0, NULL);
	db_selector_ids(f->db, s, &ids, &n);
	assert_int_equal(n, 2);
}

static void series_are_listed_in_order_and_in_pages(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(db_series_list_done) struct db_series_list l = { 0 };
	int64_t last;

	add_at(f, "b", "", DB_GAUGE, T0, 1, T0, NULL);
	add_at(f, "a", "x=\"2\"", DB_COUNTER, T0, 1, T0, NULL);
	add_at(f, "a", "x=\"1\"", DB_GAUGE, T0, 1, T0, NULL);
	assert_ok(db_selector_new("", NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_series_find(f->db, s, 0, 2, &l, &f->e), &f->e);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[1].labels, "x=\"2\"");
	assert_int_equal(l.v[1].kind, DB_COUNTER);
	last = l.v[1].id;
	db_series_list_done(&l);
	assert_ok(db_series_find(f->db, s, last, 2, &l, &f->e), &f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].name, "b");
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

/* ---------------------------------------------------------------- demand */

static void a_tiers_demand_is_the_mean_of_each_minute(void **state)
{
	struct fixture *f = *state;
	double out[4];
	int64_t first, last;

	for (int i = 0; i < 6; i++) {
		struct db_demand d[] = { { "wp", "web", 10 + i, 0 },
					 { "wp", "db", NAN, 0 } };

		assert_ok(db_demand_add(f->db, d, 2, T0 + i * 10000, &f->e), &f->e);
	}
	assert_ok(db_demand_add(f->db, &(struct db_demand){ "wp", "web", 50, 0 }, 1,
				T0 + 125000, &f->e),
		  &f->e);
	assert_ok(db_demand_range(f->db, "wp", "web", T0, out, 4, &f->e), &f->e);
	assert_close(out[0], 12.5, 1e-12);
	assert_true(isnan(out[1]));
	assert_close(out[2], 50, 0);
	assert_true(isnan(out[3]));
	assert_ok(db_demand_range(f->db, "wp", "db", T0, out, 4, &f->e), &f->e);
	assert_true(isnan(out[0]));
	assert_ok(db_demand_span(f->db, "wp", "web", &first, &last, &f->e), &f->e);
	assert_int_equal(first, T0);
	assert_int_equal(last, T0 + 125000);
}

#define TWO_WEEKS ((size_t)14 * 1440)

static void imported_history_comes_back_with_its_gaps(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) double *v = xcalloc(TWO_WEEKS, sizeof(*v));
	CLEANUP(free) double *out = xcalloc(TWO_WEEKS, sizeof(*out));
	int64_t now = T0 + 14 * DAY, first, last;
	size_t added;

	for (size_t i = 0; i < TWO_WEEKS; i++)
		v[i] = i % 100 == 99 ? NAN : 50 + 40 * sin((double)i * 6.283185 / 1440);
	assert_ok(db_demand_import(f->db, "wp", "web", T0, v, TWO_WEEKS, now, &added,
				   &f->e),
		  &f->e);
	assert_int_equal(added, TWO_WEEKS - TWO_WEEKS / 100);
	for (int round = 0; round < 3; round++) {
		assert_ok(db_demand_range(f->db, "wp", "web", T0, out, TWO_WEEKS, &f->e),
			  &f->e);
		for (size_t i = 0; i < TWO_WEEKS; i++)
			if (isnan(v[i]))
				assert_true(isnan(out[i]));
			else
				assert_close(out[i], v[i], 0);
		if (round == 0)
			fixture_reopen(f);
		else
			pack_all(f, now);
	}
	assert_ok(db_demand_span(f->db, "wp", "web", &first, &last, &f->e), &f->e);
	assert_int_equal(first, T0);
	/* Again: what is known stays. */
	v[0] = 7;
	assert_ok(db_demand_import(f->db, "wp", "web", T0, v, TWO_WEEKS, now, &added,
				   &f->e),
		  &f->e);
	assert_int_equal(added, 0);
	assert_ok(db_demand_range(f->db, "wp", "web", T0, out, 1, &f->e), &f->e);
	assert_close(out[0], 50, 0);
}

static void import_fills_the_gaps_of_what_was_measured(void **state)
{
	struct fixture *f = *state;
	double v[180], out[180];
	size_t added;

	for (int i = 60; i < 120; i++)
		assert_ok(db_demand_add(f->db, &(struct db_demand){ "wp", "web", 1, 0 },
					1, T0 + i * MIN_MS, &f->e),
			  &f->e);
	for (int i = 0; i < 180; i++)
		v[i] = 9;
	assert_ok(db_demand_import(f->db, "wp", "web", T0, v, 180, T0 + 180 * MIN_MS,
				   &added, &f->e),
		  &f->e);
	assert_int_equal(added, 120);
	assert_ok(db_demand_range(f->db, "wp", "web", T0, out, 180, &f->e), &f->e);
	for (int i = 0; i < 180; i++)
		assert_close(out[i], i >= 60 && i < 120 ? 1 : 9, 0);
}

static void bad_history_is_refused_with_nothing_changed(void **state)
{
	struct fixture *f = *state;
	double bad[] = { 1, INFINITY }, good[] = { 1, 2 };
	size_t added;

	assert_int_equal(
		db_demand_import(f->db, "a", "b", T0, bad, 2, T0 + DAY, &added, &f->e),
		ERR_INVAL);
	assert_int_equal(db_demand_import(f->db, "a", "b", T0 + 1, good, 2, T0 + DAY,
					  &added, &f->e),
			 ERR_INVAL);
	assert_int_equal(
		db_demand_import(f->db, "a", "b", T0 + DAY, good, 2, T0, &added, &f->e),
		ERR_INVAL);
	assert_int_equal(db_demand_import(f->db, "a", "b", T0, good, 401 * 1440, T0 + DAY,
					  &added, &f->e),
			 ERR_LIMIT);
	assert_int_equal(db_series_count(f->db), 0);
}

static void measured_demand_is_kept_to_the_minute_after_its_samples_go(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) double *out = xcalloc(1440, sizeof(*out));

	for (int64_t t = T0; t < T0 + 5 * DAY; t += 20000) {
		struct db_demand d = { "wp", "web", (double)(t / 20000 % 3), 0 };

		assert_ok(db_demand_add(f->db, &d, 1, t, &f->e), &f->e);
		if (t % (10 * MIN_MS) == 0)
			maintain_at(f, t);
	}
	assert_ok(db_demand_range(f->db, "wp", "web", T0, out, 1440, &f->e), &f->e);
	for (int i = 0; i < 1440; i++)
		assert_close(out[i], 1, 0);
}

struct upkeep {
	struct fixture *f;
	int64_t now;
	bool stop; /* atomic */
};

static void *keep_up(void *arg)
{
	struct upkeep *u = arg;

	while (!__atomic_load_n(&u->stop, __ATOMIC_ACQUIRE))
		if (db_maintain(u->f->db, u->now, 1, NULL, NULL) < 0)
			break;
	return NULL;
}

/* One import into a database that is being brought up to date for the first time. */
static void import_beside_upkeep(const double *v, size_t n, int64_t from, int64_t now)
{
	void *state = NULL;
	CLEANUP(free) double *out = xcalloc(n, sizeof(*out));
	struct upkeep u = { .now = now };
	struct fixture *f;
	pthread_t thread;
	size_t added;

	assert_int_equal(fixture_setup(&state), 0);
	u.f = f = state;
	add(f, "load", now, 1);
	assert_int_equal(pthread_create(&thread, NULL, keep_up, &u), 0);
	assert_ok(db_demand_import(f->db, "wp", "web", from, v, n, now, &added, &f->e),
		  &f->e);
	__atomic_store_n(&u.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	maintain_at(f, now);
	assert_int_equal(added, n);
	assert_ok(db_demand_range(f->db, "wp", "web", from, out, n, &f->e), &f->e);
	for (size_t i = 0; i < n; i++)
		assert_close(out[i], v[i], 1e-9);
	fixture_teardown(&state);
}

/* Days are rolled up one by one in the first ticks of a fresh database. */
static void history_put_in_while_days_are_rolled_up_is_all_there(void **state)
{
	CLEANUP(free) double *v = xcalloc(4320, sizeof(*v));

	(void)state;
	for (size_t i = 0; i < 4320; i++)
		v[i] = 1 + (double)i;
	for (int round = 0; round < 40; round++)
		import_beside_upkeep(v, 4320, T0 - 3 * DAY + 7 * HOUR_MS,
				     T0 + 7 * HOUR_MS);
}

static void a_count_in_order_is_never_taken_for_an_earlier_time(void **state)
{
	struct fixture *f = *state;
	struct db_sample_in in[] = { { "c", "", DB_COUNTER, T0 + 1000, 10 },
				     { "c", "", DB_COUNTER, T0 + 9000, 90 },
				     { "g", "", DB_GAUGE, T0 + 9000, 1 } };
	struct db_samples_result r;

	assert_ok(db_samples_add_in_order(f->db, in, 3, T0 + 9000, &r, &f->e), &f->e);
	assert_int_equal(r.added, 3);
	in[0].t_ms = in[2].t_ms = T0 + 5000;
	in[1].t_ms = T0 + 10000;
	assert_ok(db_samples_add_in_order(f->db, in, 3, T0 + 10000, &r, &f->e), &f->e);
	assert_int_equal(r.added, 2);
	assert_int_equal(r.duplicate, 1);
	assert_int_equal(count(f, "c", T0, T0 + 10001), 3);
	assert_int_equal(count(f, "g", T0, T0 + 10001), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_count_in_order_is_never_taken_for_an_earlier_time),
		DB_TEST(samples_come_back_before_and_after_packing_and_reopening),
		DB_TEST(late_and_double_samples_find_their_place),
		DB_TEST(a_shuffled_batch_is_the_same_as_a_sorted_one),
		DB_TEST(what_cannot_be_a_sample_is_refused_and_counted),
		DB_TEST(over_the_limit_of_series_nothing_of_a_batch_is_stored),
		DB_TEST(selectors_match_as_prometheus_does),
		DB_TEST(a_selector_sees_series_that_come_later),
		DB_TEST(series_are_listed_in_order_and_in_pages),
		DB_TEST(the_newest_samples_are_in_memory_also_after_packing),
		DB_TEST(steps_hold_what_was_asked_for),
		DB_TEST(a_counter_that_falls_has_begun_anew),
		DB_TEST(days_are_rolled_up_and_give_the_same_answers),
		DB_TEST(old_samples_go_and_their_roll_ups_stand_in),
		DB_TEST(a_late_sample_of_a_rolled_day_is_rolled_up_too),
		DB_TEST(everything_goes_when_its_retention_is_over),
		DB_TEST(a_label_set_of_an_answer_goes_once_it_is_not_waited_for),
		DB_TEST(history_tables_are_pruned_by_age_and_by_number),
		DB_TEST(a_tiers_demand_is_the_mean_of_each_minute),
		DB_TEST(imported_history_comes_back_with_its_gaps),
		DB_TEST(import_fills_the_gaps_of_what_was_measured),
		DB_TEST(history_put_in_while_days_are_rolled_up_is_all_there),
		DB_TEST(bad_history_is_refused_with_nothing_changed),
		DB_TEST(measured_demand_is_kept_to_the_minute_after_its_samples_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
