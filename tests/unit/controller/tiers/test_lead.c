/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "lead.h"

#define PRIOR_MS 180000

static struct db_tier the_tier(void)
{
	return (struct db_tier){
		.stack = (char *)(uintptr_t) "shop",
		.name = (char *)(uintptr_t) "web",
		.lead_prior_ms = PRIOR_MS,
	};
}

static void add(struct fixture *f, const char *tier, enum db_lead_kind kind,
		int64_t healthy_ms, int64_t lead_ms)
{
	struct db_lead l = {
		.kind = kind,
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t)tier,
		.pool = (char *)(uintptr_t) "p",
		.host = (char *)(uintptr_t) "a",
		.healthy_ms = healthy_ms,
		.lead_ms = lead_ms,
	};

	assert_ok(db_lead_add(f->db, &l, &f->e), &f->e);
}

static struct lead read_it(struct fixture *f)
{
	struct db_tier t = the_tier();
	struct lead l;

	assert_ok(lead_read(f->db, &t, &l, &f->e), &f->e);
	return l;
}

static void without_launches_the_prior_is_used(void **state)
{
	struct lead l = read_it(*state);

	assert_true(l.prior);
	assert_int_equal(l.count, 0);
	assert_int_equal(l.p50_ms, 0);
	assert_int_equal(l.used_ms, PRIOR_MS);
}

static void few_launches_are_shown_and_not_used(void **state)
{
	struct lead l;

	for (int i = 0; i < LEAD_ENOUGH - 1; i++)
		add(*state, "web", DB_LEAD_TIER, 1000 + i, 20000);
	l = read_it(*state);
	assert_true(l.prior);
	assert_int_equal(l.p50_ms, 20000);
	assert_int_equal(l.p95_ms, 0);
	assert_int_equal(l.used_ms, PRIOR_MS);
}

static void enough_launches_give_their_middle_and_when_one_is_overdue(void **state)
{
	struct lead l;

	for (int i = 0; i <= 20; i++)
		add(*state, "web", DB_LEAD_TIER, 1000 + i, 1000 * (20 - i));
	l = read_it(*state);
	assert_false(l.prior);
	assert_int_equal(l.count, 21);
	assert_int_equal(l.p50_ms, 10000);
	assert_in_range(l.p95_ms, 19001, 20000);
	assert_in_range(l.used_ms, 7000, 11000);
	assert_true(l.overdue_ms > l.p95_ms);
	assert_true(l.spread > 0.3 && l.spread < 1.5);
}

static void other_tiers_and_parts_of_a_launch_do_not_count(void **state)
{
	for (int i = 0; i < 9; i++) {
		add(*state, "db", DB_LEAD_TIER, 1000, 5000);
		add(*state, "web", DB_LEAD_UNIT, 1000, 5000);
		add(*state, "web", DB_LEAD_HOST, 1000, 5000);
	}
	assert_int_equal(read_it(*state).count, 0);
}

static void old_launches_are_forgotten_for_newer_ones(void **state)
{
	struct lead l;

	for (int i = 0; i < 50; i++)
		add(*state, "web", DB_LEAD_TIER, 1000 + i, 900000);
	for (int i = 0; i < 50; i++)
		add(*state, "web", DB_LEAD_TIER, 5000 + i, 10000);
	l = read_it(*state);
	assert_int_equal(l.count, 50);
	assert_int_equal(l.used_ms, 10000);
}

/* Of an instance that waits for its host and one that is on one, at a limit of 60 s. */
static int64_t late(int64_t wanted_s, int64_t requested_s, int64_t placed_s)
{
	struct fleet_host hosts[] = {
		{ .h = { .pool = (char *)(uintptr_t) "p",
			 .state = DB_HOST_BOOTING,
			 .requested_ms = 1000000 - 1000 * requested_s } },
		{ .h = { .pool = (char *)(uintptr_t) "p",
			 .state = DB_HOST_UP,
			 .requested_ms = 1,
			 .ready_ms = 2 } },
	};
	struct fleet_unit units[] = {
		{ .u = { .goal = DB_GOAL_RUN, .wanted_ms = 1000000 - 1000 * wanted_s } },
		{ .u = { .goal = DB_GOAL_RUN, .placed_ms = 1000000 - 1000 * placed_s },
		  .host = &hosts[1] },
	};
	struct fleet f = {
		.now_ms = 1000000,
		.hosts = hosts,
		.n_hosts = 2,
		.units = units,
		.n_units = 2,
	};
	const struct fleet_tier ft = {
		.t = { .pool = (char *)(uintptr_t) "p" },
		.n_units = 2,
	};

	return lead_count_overdue(&(struct lead){ .overdue_ms = 60000 }, &f, &ft);
}

static void what_waits_for_its_turn_is_not_overdue(void **state)
{
	(void)state;
	assert_int_equal(late(900, 30, 30), 0);
	assert_int_equal(late(900, 90, 30), 1);
	assert_int_equal(late(30, 90, 30), 0);
	assert_int_equal(late(900, 30, 90), 1);
	assert_int_equal(late(900, 90, 90), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(without_launches_the_prior_is_used),
		DB_TEST(few_launches_are_shown_and_not_used),
		DB_TEST(enough_launches_give_their_middle_and_when_one_is_overdue),
		DB_TEST(other_tiers_and_parts_of_a_launch_do_not_count),
		cmocka_unit_test(what_waits_for_its_turn_is_not_overdue),
		DB_TEST(old_launches_are_forgotten_for_newer_ones),
	};

	return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
