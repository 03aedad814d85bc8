/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tier's demand by the minute: measured, and put in. */
#include "samples_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

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
		DB_TEST(a_tiers_demand_is_the_mean_of_each_minute),
		DB_TEST(imported_history_comes_back_with_its_gaps),
		DB_TEST(import_fills_the_gaps_of_what_was_measured),
		DB_TEST(history_put_in_while_days_are_rolled_up_is_all_there),
		DB_TEST(bad_history_is_refused_with_nothing_changed),
		DB_TEST(measured_demand_is_kept_to_the_minute_after_its_samples_go),
	};

	return cmocka_run_group_tests_name("demand history", tests, NULL, NULL);
}
