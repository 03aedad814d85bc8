/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tiers_fixture.h"

static void a_tier_without_capacity_has_its_minimum(void **state)
{
	struct court *c = *state;

	scene_apply(c->s, WEB("min = 2\ndemand = sum(load)\n"), TEXT);
	assert_int_equal(tick_at(c, 500), 2);
	assert_true(explained(c, "capacity"));
}

static void demand_asks_for_instances_and_is_recorded(void **state)
{
	struct court *c = *state;
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	double minute[1];

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	assert_in_range(tick_at(c, 45), 5, 6);
	assert_ok(db_tier_get(c->s->db->db, "shop", "web", &t, c->s->e), c->s->e);
	assert_in_range(t.desired, 5, 6);
	assert_int_equal(t.desired_since_ms, c->s->now_ms);
	assert_ok(db_demand_range(c->s->db->db, "shop", "web",
				  c->s->now_ms / 60000 * 60000, minute, 1, c->s->e),
		  c->s->e);
	assert_close(minute[0], 45, 1e-6);
	assert_ok(db_decision_list(c->s->db->db, NULL, &l, c->s->e), c->s->e);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].to, t.desired);
}

static void what_is_below_nothing_is_not_recorded(void **state)
{
	struct court *c = *state;
	double minute[1];

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	assert_int_equal(tick_at(c, -5), 1);
	assert_ok(db_demand_range(c->s->db->db, "shop", "web",
				  c->s->now_ms / 60000 * 60000, minute, 1, c->s->e),
		  c->s->e);
	assert_true(isnan(minute[0]));
}

/* An hour without a change has its decision, whatever the clock said before. */
static void a_clock_that_is_set_back_leaves_no_hole_in_the_decisions(void **state)
{
	struct court *c = *state;
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };

	scene_apply(c->s, WEB("min = 3\n" DEMAND), TEXT);
	(void)tick_at(c, 5);
	(void)tick_at(c, 5);
	c->s->now_ms -= INT64_C(365) * 86400000;
	(void)tick_at(c, 5);
	assert_ok(db_decision_list(c->s->db->db, NULL, &l, c->s->e), c->s->e);
	assert_int_equal(l.n, 2);
}

static void a_tier_may_rest_at_none(void **state)
{
	struct court *c = *state;

	scene_apply(c->s, WEB("min = 0\n" DEMAND), TEXT);
	assert_int_equal(tick(c), 0);
	assert_in_range(tick_at(c, 5), 1, 2);
}

static void without_data_nothing_is_scaled_in(void **state)
{
	struct court *c = *state;
	int64_t n;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	n = tick_at(c, 45);
	for (int i = 0; i < 400; i++) {
		int64_t now = tick(c);

		assert_true(now >= n);
		n = now;
	}
	assert_true(explained(c, "stale") || explained(c, "no-data"));
}

static void what_is_distrusted_is_not_scaled_in(void **state)
{
	struct court *c = *state;
	int64_t n, most;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	n = tick_at(c, 45);
	c->distrust = "most hosts stopped responding at the same time";
	for (int i = 0; i < 300; i++) {
		int64_t now = tick_at(c, 1);

		assert_true(now >= n);
		n = now;
	}
	assert_true(explained(c, "stopped responding at the same time"));
	c->distrust = NULL;
	most = n;
	for (int i = 0; i < 300 && n == most; i++)
		n = tick_at(c, 1);
	assert_true(n < most);
}

static void a_hold_changes_nothing_until_it_expires(void **state)
{
	struct court *c = *state;
	int64_t n;
	struct db_hold h = {
		.stack = (char *)(uintptr_t) "shop",
		.owner = (char *)(uintptr_t) "ann",
		.reason = (char *)(uintptr_t) "sale",
	};

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	n = tick_at(c, 15);
	h.created_ms = c->s->now_ms;
	h.expires_ms = c->s->now_ms + 5 * TICK_MS + 1;
	assert_ok(db_hold_add(c->s->db->db, &h, NULL, c->s->e), c->s->e);
	for (int i = 0; i < 5; i++)
		assert_int_equal(tick_at(c, 80), n);
	assert_true(explained(c, "ann"));
	assert_true(tick_at(c, 80) >= 8);
}

static void a_short_round_decides_new_tiers_alone(void **state)
{
	struct court *c = *state;
	int64_t n;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	measure(c, 45);
	scene_load(c->s);
	decide_all(c, true);
	n = fleet_tier(c->s->f, "shop", "web")->t.desired;
	assert_true(n >= 5);
	c->s->now_ms += TICK_MS;
	measure(c, 85);
	scene_load(c->s);
	decide_all(c, true);
	assert_int_equal(fleet_tier(c->s->f, "shop", "web")->t.desired, n);
}

static void what_it_saw_is_there_for_people(void **state)
{
	struct court *c = *state;
	CLEANUP(json_decref) json_t *live = NULL;
	const json_t *demand;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	assert_null(tiers_live(c->tiers, "shop", "web"));
	tick_at(c, 45);
	live = tiers_live(c->tiers, "shop", "web");
	assert_non_null(live);
	demand = json_object_get(live, "demand");
	assert_close(json_number_value(json_object_get(demand, "value")), 45, 1e-9);
	assert_true(json_is_false(json_object_get(demand, "stale")));
	assert_true(
		json_is_true(json_object_get(json_object_get(live, "lead"), "prior")));
	assert_null(tiers_live(c->tiers, "shop", "none"));
}

/* Four days of a day's wave, the last four hours at twice of it. */
static void a_level_shift_is_told_with_its_time(void **state)
{
	enum { MINUTES = 4 * 1440, SHIFT = 240 };
	struct court *c = *state;
	CLEANUP(free) double *y = xcalloc(MINUTES, sizeof(*y));
	CLEANUP(json_decref) json_t *live = NULL;
	const char *why;
	size_t added;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	for (size_t i = 0; i < MINUTES; i++)
		y[i] = (50 + 20 * sin(2 * M_PI * (double)i / 1440) +
			(double)(i * 7 % 11) / 4) *
		       (i < MINUTES - SHIFT ? 1 : 2);
	assert_ok(db_demand_import(c->s->db->db, "shop", "web",
				   c->s->now_ms / 60000 * 60000 - MINUTES * 60000LL, y,
				   MINUTES, c->s->now_ms, &added, c->s->e),
		  c->s->e);
	tick_at(c, 100);
	live = tiers_live(c->tiers, "shop", "web");
	why = json_string_value(json_object_get(live, "fallback_reason"));
	assert_non_null(why);
	assert_non_null(strstr(why, "the level shifted by +"));
	assert_non_null(strstr(why, " on 20")); /* the day, after the time of day */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(a_tier_without_capacity_has_its_minimum),
		COURT_TEST(demand_asks_for_instances_and_is_recorded),
		COURT_TEST(what_is_below_nothing_is_not_recorded),
		COURT_TEST(a_clock_that_is_set_back_leaves_no_hole_in_the_decisions),
		COURT_TEST(a_tier_may_rest_at_none),
		COURT_TEST(without_data_nothing_is_scaled_in),
		COURT_TEST(what_is_distrusted_is_not_scaled_in),
		COURT_TEST(a_hold_changes_nothing_until_it_expires),
		COURT_TEST(a_short_round_decides_new_tiers_alone),
		COURT_TEST(what_it_saw_is_there_for_people),
		COURT_TEST(a_level_shift_is_told_with_its_time),
	};

	return cmocka_run_group_tests_name("tiers", tests, NULL, NULL);
}
