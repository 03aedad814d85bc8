/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tiers_fixture.h"

#include "metrics.h"
#include "utilisation.h"

#include <math.h>

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

/* Minutes until fewer are wanted than 45 asked for, after the clock was set back. */
static int64_t minutes_to_scale_in(struct court *c, int64_t back_ms)
{
	int64_t began, n = 0;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	for (int i = 0; i < 60; i++)
		n = tick_at(c, 45);
	assert_true(n >= 5);
	c->s->now_ms -= back_ms;
	if (back_ms)
		assert_ok(db_samples_clock_set(c->s->db->db, c->s->now_ms, c->s->e),
			  c->s->e);
	began = c->s->now_ms;
	for (int i = 0; i < 600 && n >= 5; i++)
		n = tick_at(c, 5);
	return (c->s->now_ms - began) / 60000;
}

static int64_t minutes_after(int64_t back_ms)
{
	struct court *c;
	int64_t minutes;

	court_setup((void **)&c);
	minutes = minutes_to_scale_in(c, back_ms);
	court_teardown((void **)&c);
	return minutes;
}

static void scaling_in_does_not_wait_for_as_long_as_the_clock_was_set_back(void **state)
{
	const int64_t usual = minutes_after(0);

	(void)state;
	assert_in_range(usual, 5, 45);
	for (int64_t hours = 1; hours <= 6; hours += hours)
		assert_in_range(minutes_after(hours * 3600000), 1, usual + 20);
}

/* And what is asked for is had at once. */
static void a_clock_that_is_set_back_keeps_nobody_from_scaling_out(void **state)
{
	struct court *c = *state;
	int64_t n = 0;

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	for (int i = 0; i < 6; i++)
		n = tick_at(c, 45);
	c->s->now_ms -= 3600000;
	assert_ok(db_samples_clock_set(c->s->db->db, c->s->now_ms, c->s->e), c->s->e);
	for (int i = 0; i < 30 && n < 9; i++)
		n = tick_at(c, 85);
	assert_int_equal(n, 9);
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

/* By whatever labels the exporters of outsiders make. */
static void at_the_limit_of_series_a_new_tier_stops_no_other(void **state)
{
	struct court *c = *state;
	struct db_limits l;
	char text[300];

	scene_apply(c->s, WEB("min = 1\n" DEMAND), TEXT);
	assert_in_range(tick_at(c, 45), 5, 6);
	db_limits_default(&l);
	l.max_series = db_series_count(c->s->db->db);
	db_set_limits(c->s->db->db, &l);
	scene_apply(c->s,
		    WEB("min = 1\n" DEMAND) "[tier api]\nunit = app@.service\npool = p\n"
					    "max = 9\nmin = 2\n",
		    TEXT);
	for (int i = 0; i < 3; i++)
		assert_in_range(tick_at(c, 85), 8, 9);
	assert_int_equal(fleet_tier(c->s->f, "shop", "api")->t.desired, 2);
	assert_true(db_series_problem(c->s->db->db, text, sizeof(text)));
	assert_non_null(strstr(text, "tier=\"api\""));
}

/* As a database of an earlier version may hold one. */
static void a_stored_demand_that_is_refused_is_its_tiers_problem_alone(void **state)
{
	struct court *c = *state;
	CLEANUP(buf_done) struct buf conf;
	char text[ERR_MSG_MAX];

	buf_init(&conf, 4 << 20);
	buf_puts(&conf,
		 WEB("min = 1\n" DEMAND) "[tier api]\nunit = app@.service\npool = p\n"
					 "max = 9\nmin = 2\ndemand = sum(load)");
	for (size_t i = 0; i < 1000; i++)
		buf_puts(&conf, "+1");
	buf_puts(&conf, "\ncapacity = 10\n");
	scene_apply(c->s, buf_str(&conf), TEXT);
	for (int i = 0; i < 3; i++)
		assert_in_range(tick_at(c, 45), 5, 6);
	assert_int_equal(fleet_tier(c->s->f, "shop", "api")->t.desired, 2);
	assert_non_null(strstr(fleet_tier(c->s->f, "shop", "api")->t.explanation_json,
			       "more than 100 terms"));
	assert_true(tiers_problem(c->tiers, TIER_MISSING, text, sizeof(text)));
	assert_non_null(strstr(text, "shop/api"));
	assert_non_null(strstr(text, "it is not evaluated"));
	/* Mended, it is over. */
	scene_apply(c->s,
		    WEB("min = 1\n" DEMAND) "[tier api]\nunit = app@.service\npool = p\n"
					    "max = 9\nmin = 2\n" DEMAND,
		    TEXT);
	assert_in_range(tick_at(c, 45), 5, 6);
	assert_false(tiers_problem(c->tiers, TIER_MISSING, text, sizeof(text)));
}

/* Adds as many terms as one may have. */
static void add_dear(struct buf *conf, const char *option, const char *term)
{
	buf_printf(conf, "%s = %s", option, term);
	for (int k = 1; k < METRICS_EXPR_MAX_TERMS; k++)
		buf_printf(conf, "+%s", term);
	buf_puts(conf, "\n");
}

/* A stack of n tiers besides, each with such an expression for each option. */
static void apply_dear(struct court *c, int n, const char *const options[],
		       const char *term)
{
	CLEANUP(json_decref) json_t *files = json_object();
	CLEANUP(stack_file_free) struct stack_file *file = NULL;
	CLEANUP(free) char *canonical = NULL;
	CLEANUP(buf_done) struct buf conf;
	struct scene *s = c->s;
	int64_t version;

	buf_init(&conf, 4 << 20);
	buf_puts(&conf, WEB("min = 1\n" DEMAND));
	for (int i = 0; i < n; i++) {
		CLEANUP(free) char *unit = xasprintf("units/t%02d@.service", i);

		buf_printf(&conf,
			   "[tier t%02d]\nunit = t%02d@.service\npool = p\nmax = 9\n"
			   "min = 0\ncapacity = 10\n",
			   i, i);
		for (size_t k = 0; options[k]; k++)
			add_dear(&conf, options[k], term);
		json_object_set_new(files, unit, json_string(TEXT));
	}
	json_object_set_new(files, "stack.conf", json_string(buf_str(&conf)));
	json_object_set_new(files, "units/web@.service", json_string(TEXT));
	assert_ok(stack_file_read(files, &file, s->e), s->e);
	canonical = stack_file_canonical(files);
	assert_ok(stack_apply(s->db->db, file, canonical, STACK_ANY_VERSION, s->now_ms,
			      &version, s->e),
		  s->e);
}

static void add_many(struct court *c, const char *name, const char *value, size_t n)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(n, sizeof(*in));

	for (size_t i = 0; i < n; i++)
		in[i] = (struct db_sample_in){
			name, xasprintf("i=\"%s%05zu\",stack=\"shop\"", value, i),
			DB_GAUGE, c->s->now_ms, 1
		};
	assert_ok(db_samples_add(c->s->db->db, in, n, c->s->now_ms, NULL, c->s->e),
		  c->s->e);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)in[i].labels);
}

#define MANY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Of each it is not known what it costs, as after a start. */
static void what_tiers_measure_beside_demand_shares_a_bounded_time(void **state)
{
	static const char *const options[] = { "demand", "utilisation", "latency", NULL };
	enum { DEAR = 40, ROUND_MS = 300 };
	struct court *c = *state;
	struct metrics_turns turns;
	struct utilisation_now now;
	double before;

	add_many(c, "g", MANY_A, 10000);
	apply_dear(c, DEAR, options, "sum(g{i=~\"a*?[^z]*?7?[zy]\"})");
	scene_load(c->s);
	before = cpu_ms();
	metrics_turns_begin(&turns, ROUND_MS);
	for (size_t i = 0; i < c->s->f->n_tiers; i++) {
		struct utilisation u = { 0 };

		utilisation_now(&u, c->s->db->db, c->s->f, &c->s->f->tiers[i], &turns,
				&now);
		assert_true(isnan(now.ratio) && isnan(now.latency_s));
		utilisation_done(&u);
	}
	assert_true(turns.n_waiting >= DEAR);
	assert_true(cpu_ms() - before < 10 * ROUND_MS);
	/* All that a tick measures is within the sum of such times. */
	before = cpu_ms();
	tick_at(c, 45);
	assert_true(cpu_ms() - before < 10000);
}

/* Forty seconds of work, if each was evaluated; the cheap one always is. */
static void demands_that_are_dear_share_a_bounded_time(void **state)
{
	enum { SERIES = 30000, DEAR = 40 };
	struct court *c = *state;
	static const char *const options[] = { "demand", NULL };
	char text[ERR_MSG_MAX];
	double before;

	add_many(c, "g", "", SERIES);
	apply_dear(c, DEAR, options, "sum(g)");
	/* What each costs is found out first. */
	for (int i = 0; i < 10 && tick_at(c, 45) < 5; i++)
		;
	before = cpu_ms();
	assert_in_range(tick_at(c, 45), 5, 6);
	assert_true(cpu_ms() - before < DEAR * METRICS_EXPR_MAX_MS / 2);
	assert_true(tiers_problem(c->tiers, TIER_MISSING, text, sizeof(text)));
	assert_non_null(strstr(text, "it is not evaluated"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(at_the_limit_of_series_a_new_tier_stops_no_other),
		COURT_TEST(a_stored_demand_that_is_refused_is_its_tiers_problem_alone),
		COURT_TEST(demands_that_are_dear_share_a_bounded_time),
		COURT_TEST(what_tiers_measure_beside_demand_shares_a_bounded_time),
		COURT_TEST(a_tier_without_capacity_has_its_minimum),
		COURT_TEST(demand_asks_for_instances_and_is_recorded),
		COURT_TEST(what_is_below_nothing_is_not_recorded),
		COURT_TEST(
			scaling_in_does_not_wait_for_as_long_as_the_clock_was_set_back),
		COURT_TEST(a_clock_that_is_set_back_keeps_nobody_from_scaling_out),
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
