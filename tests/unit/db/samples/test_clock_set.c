/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock is set, under samples in memory, in chunks and in roll-ups. */
#include "db_fixture.h"

#define MIN_MS ((int64_t)60000)
#define HOUR_MS ((int64_t)3600000)
#define DAY ((int64_t)86400000)
#define T0 (20000 * DAY)

static void add(struct fixture *f, int64_t t, double v)
{
	const struct db_sample_in in = { "x", "", DB_COUNTER, t, v };

	assert_ok(db_samples_add(f->db, &in, 1, t, NULL, &f->e), &f->e);
}

static int64_t id(struct fixture *f)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new("x", NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	assert_int_equal(n, 1);
	return ids[0];
}

static size_t count(struct fixture *f, int64_t from, int64_t to)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };

	assert_ok(db_samples_get(f->db, id(f), from, to, &s, &f->e), &f->e);
	return s.n;
}

static size_t recent(struct fixture *f, int64_t now)
{
	struct db_sample v[100];

	return db_samples_recent(f->db, id(f), now - 5 * MIN_MS, now, v, 100, NULL);
}

static void upkeep(struct fixture *f, int64_t now)
{
	bool more = true;

	while (more)
		assert_ok(db_maintain(f->db, now, 1000, &more, &f->e), &f->e);
}

/* n samples, ten seconds apart. */
static int64_t fill(struct fixture *f, int64_t from, int n)
{
	for (int i = 0; i < n; i++)
		add(f, from + i * 10000, i);
	return from + (n - 1) * 10000;
}

static void assert_set_back(struct fixture *f, int64_t now)
{
	const size_t before = count(f, 0, now);

	assert_true(db_samples_ahead(f->db, now));
	assert_ok(db_samples_clock_set(f->db, now, &f->e), &f->e);
	for (int round = 0; round < 2; round++) {
		assert_false(db_samples_ahead(f->db, now));
		assert_int_equal(count(f, 0, now), before);
		assert_int_equal(count(f, now + 1, INT64_MAX / 2), 0);
		fixture_reopen(f);
	}
	/* What comes is seen, and alone: no rate reaches back over the jump. */
	fixture_reopen(f);
	assert_ok(db_samples_clock_set(f->db, now, &f->e), &f->e);
	assert_int_equal(recent(f, now), 0);
	add(f, now + 5000, 10000);
	add(f, now + 15000, 10010);
	assert_int_equal(recent(f, now + 15000), 2);
	assert_int_equal(count(f, 0, INT64_MAX / 2), before + 2);
}

static void set_back_in_memory(void **state)
{
	struct fixture *f = *state;

	assert_set_back(f, fill(f, T0 + HOUR_MS, 60) - 2 * MIN_MS - 3000);
}

static void set_back_under_chunks(void **state)
{
	struct fixture *f = *state;
	const int64_t end = fill(f, T0 + HOUR_MS, 1000);

	upkeep(f, end);
	upkeep(f, end + 30 * MIN_MS);
	(void)fill(f, end + 10000, 20);
	assert_set_back(f, end - HOUR_MS - 3000);
}

static void set_back_over_days_that_are_rolled_up(void **state)
{
	struct fixture *f = *state;
	const int64_t end = fill(f, T0 + HOUR_MS, 8640 * 2);

	upkeep(f, end);
	upkeep(f, end + 2 * HOUR_MS);
	upkeep(f, end + 3 * HOUR_MS);
	assert_set_back(f, T0 + 44 * HOUR_MS + 3000);
}

static void set_forth_nothing_is_lost_and_no_rate_reaches_back(void **state)
{
	struct fixture *f = *state;
	const int64_t end = fill(f, T0 + HOUR_MS, 60), now = end + HOUR_MS;

	assert_false(db_samples_ahead(f->db, now));
	assert_ok(db_samples_clock_set(f->db, now, &f->e), &f->e);
	assert_int_equal(count(f, 0, now), 60);
	add(f, now, 61);
	assert_int_equal(recent(f, now), 1);
	fixture_reopen(f);
	assert_int_equal(count(f, 0, now), 61);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(set_back_in_memory),
		DB_TEST(set_back_under_chunks),
		DB_TEST(set_back_over_days_that_are_rolled_up),
		DB_TEST(set_forth_nothing_is_lost_and_no_rate_reaches_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
