/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge.h"

#include "check.h"
#include "test.h"

#include <string.h>

#define STEP_MS 300000
#define DAY 288
enum { N = 14 * DAY };

static void make_days(double *y, size_t n)
{
	unsigned seed = 1;

	for (size_t i = 0; i < n; i++) {
		const size_t t = i % DAY;

		seed = seed * 1664525u + 1013904223u;
		y[i] = (t >= 96 && t < 240 ? 1000 : 200) *
		       (1 + 0.05 * ((double)(seed >> 8) / (1 << 23) - 1));
	}
}

static struct judge_question question(const double *y)
{
	return (struct judge_question){
		.y = y,
		.n = N,
		.step_ms = STEP_MS,
		.settings = { .risk = 0.01,
			      .capacity = 20,
			      .lead_ms = 2 * STEP_MS,
			      .mode = DECIDE_AUTO,
			      .min = 1,
			      .max = -1,
			      .dwell_ms = POLICY_DWELL_MS,
			      .action_price = POLICY_ACTION_PRICE },
	};
}

static struct judge_report *judged(const struct judge_question *q)
{
	struct judge_report *r = NULL;
	struct err e;

	assert_ok(judge_backtest(q, &r, &e), &e);
	return r;
}

static void assert_refused(const struct judge_question *q, const char *words)
{
	struct judge_report *r = NULL;
	struct err e = { 0 };

	assert_int_equal(judge_backtest(q, &r, &e), ERR_INVAL);
	assert_null(r);
	if (!strstr(e.msg, words))
		fail_msg("'%s' has no '%s'", e.msg, words);
}

static void ours_beats_the_simple_policies_and_not_the_oracle(void **state)
{
	static double y[N];
	const struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;

	(void)state;
	make_days(y, N);
	r = judged(&q);
	assert_int_equal(r->from, N / 2);
	assert_int_equal(r->n, N / 2);
	assert_close(r->row[JUDGE_ORACLE].cost, 1, 1e-12);
	assert_close(r->row[JUDGE_ORACLE].run.short_share, 0, 0);
	assert_true(r->row[JUDGE_OURS].cost > 1);
	assert_true(r->row[JUDGE_OURS].run.short_share <= 1.1 * 0.01);
	assert_true(r->row[JUDGE_OURS].cost < r->row[JUDGE_SEASONAL].cost);
	assert_true(r->row[JUDGE_OURS].cost < r->row[JUDGE_STATIC].cost);
	/* No headroom saves the rule that only reacts: it is short each morning. */
	assert_true(r->row[JUDGE_REACTIVE].run.short_share >
		    r->row[JUDGE_OURS].run.short_share);
	assert_close(r->row[JUDGE_STATIC].cost,
		     (double)r->row[JUDGE_STATIC].run.running[N / 2 - 1] * (double)r->n /
			     r->row[JUDGE_ORACLE].run.instance_steps,
		     0.01);
}

static void bands_keep_what_they_promise(void **state)
{
	static double y[N];
	const struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;

	(void)state;
	make_days(y, N);
	r = judged(&q);
	/* Of 1 step, and of the tier's lead time and twice that. */
	assert_int_equal(r->n_leads, 3);
	assert_int_equal(r->lead[r->own].steps, 2);
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		for (size_t i = 0; i < r->n_leads; i++)
			assert_close(r->lead[i].coverage[k], demand_bands[k], 0.06);
}

static void risk_buys_cost(void **state)
{
	static double y[N];
	const struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;

	(void)state;
	make_days(y, N);
	r = judged(&q);
	for (size_t k = 1; k < JUDGE_RISKS; k++) {
		assert_true(r->risk[k].risk > r->risk[k - 1].risk);
		assert_true(r->risk[k].cost < r->risk[k - 1].cost);
		/* Nor is there a cliff where less than a step of the past may be short.
		 */
		assert_true(r->risk[k].cost > 0.9 * r->risk[k - 1].cost);
		assert_true(r->risk[k].short_share >= r->risk[k - 1].short_share);
	}
	for (size_t k = 0; k < JUDGE_RISKS; k++) {
		/* A step is 0.0005 of the time. */
		assert_true(r->risk[k].short_share <= 1.1 * r->risk[k].risk + 0.0005);
		assert_int_equal(r->risk[k].dwell_ms, POLICY_DWELL_MS);
	}
}

static void a_longer_dwell_acts_less_and_costs_more(void **state)
{
	static double y[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;

	(void)state;
	make_days(y, N);
	r = judged(&q);
	for (size_t k = 1; k < JUDGE_DWELLS; k++) {
		assert_true(r->dwell[k].dwell_ms > r->dwell[k - 1].dwell_ms);
		assert_close(r->dwell[k].risk, 0.01, 0);
		/* Within a step they are the same. */
		if (r->dwell[k].dwell_ms <= STEP_MS)
			continue;
		assert_true(r->dwell[k].actions < r->dwell[k - 1].actions);
		assert_true(r->dwell[k].cost > r->dwell[k - 1].cost - 0.01);
	}
	assert_true(r->dwell[JUDGE_DWELLS - 1].cost > r->dwell[0].cost + 0.03);
	for (size_t k = 0; k < JUDGE_DWELLS; k++)
		assert_true(r->dwell[k].short_share <= 1.2 * 0.01);
	/* That of the tier is one of them: the same simulation. */
	assert_close(r->dwell[1].cost, r->row[JUDGE_OURS].cost, 0);
	assert_int_equal(r->dwell[1].actions, r->row[JUDGE_OURS].run.actions);
}

/* The same settings, one by one, come to the same as in one go. */
static void the_points_are_what_the_tier_would_come_to(void **state)
{
	static double y[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *all = NULL;
	CLEANUP(judge_report_free) struct judge_report *one = NULL;

	(void)state;
	make_days(y, N);
	all = judged(&q);
	q.settings.risk = all->risk[1].risk;
	q.settings.dwell_ms = all->dwell[3].dwell_ms;
	one = judged(&q);
	assert_close(one->dwell[1].cost, all->risk[1].cost, 1e-12);
	assert_true(one->row[JUDGE_OURS].cost > all->risk[1].cost);
	assert_close(one->dwell[3].cost, one->row[JUDGE_OURS].cost, 0);
}

static void another_future_changes_no_earlier_instance(void **state)
{
	static double y[N], z[N];
	struct judge_question q = question(y), other = question(z);
	CLEANUP(judge_report_free) struct judge_report *a = NULL;
	CLEANUP(judge_report_free) struct judge_report *b = NULL;

	(void)state;
	make_days(y, N);
	memcpy(z, y, sizeof(z));
	for (size_t i = N - 100; i < N; i++)
		z[i] *= 3;
	q.play = other.play = DAY;
	a = judged(&q);
	b = judged(&other);
	for (int p = 0; p < JUDGE_ORACLE; p++)
		assert_memory_equal(a->row[p].run.running, b->row[p].run.running,
				    (DAY - 100) * sizeof(uint32_t));
}

static void on_progress(void *arg, double share)
{
	double *last = arg;

	assert_true(share >= *last && share <= 1);
	*last = share;
}

static void gaps_are_played_and_progress_ends_at_one(void **state)
{
	static double y[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;
	double last = 0;

	(void)state;
	make_days(y, N);
	y[0] = y[N - 1] = y[N - 200] = NAN;
	q.progress = on_progress;
	q.arg = &last;
	r = judged(&q);
	assert_close(last, 1, 0);
	assert_true(isfinite(r->row[JUDGE_OURS].cost));
}

static void an_event_that_is_known_is_served_from_its_first_step(void **state)
{
	static double y[N];
	struct judge_question q = question(y);
	/* In the night, where nothing else would ask for more. */
	const struct uplift_event e = { { INT64_C(10) * DAY * STEP_MS,
					  (INT64_C(10) * DAY + 60) * STEP_MS },
					uplift_given(4) };
	CLEANUP(judge_report_free) struct judge_report *blind = NULL;
	CLEANUP(judge_report_free) struct judge_report *knows = NULL;

	(void)state;
	make_days(y, N);
	for (size_t i = 10 * DAY; i < 10 * DAY + 60; i++)
		y[i] *= 4;
	blind = judged(&q);
	q.events = &e;
	q.n_events = 1;
	knows = judged(&q);
	assert_true(knows->row[JUDGE_OURS].run.unserved_share <
		    0.5 * blind->row[JUDGE_OURS].run.unserved_share);
	assert_true(knows->row[JUDGE_OURS].cost < blind->row[JUDGE_OURS].cost * 1.1);
	/* The others play the same. */
	assert_close(knows->row[JUDGE_REACTIVE].cost, blind->row[JUDGE_REACTIVE].cost, 0);
}

static void fill_bounds(struct policy_bounds *b, struct policy_bounds with)
{
	for (size_t i = 0; i < N; i++)
		b[i] = with;
}

/* 50 are needed by day, and 10 by night: which of the bounds is the lowest, and what it
 * does to all policies. */
static void all_policies_keep_to_the_bounds_and_the_lowest_is_named(void **state)
{
	static const struct {
		int64_t max;
		struct policy_bounds b;
		enum judge_bound by;
	} is[] = { { 20, { -1, -1, -1 }, JUDGE_MAX },
		   { 30, { -1, 20, -1 }, JUDGE_CEILING },
		   { -1, { -1, 30, 20 }, JUDGE_ROOM } };
	static double y[N];
	static struct policy_bounds bounds[N];

	(void)state;
	make_days(y, N);
	for (size_t k = 0; k < ARRAY_SIZE(is); k++) {
		struct judge_question q = question(y);
		CLEANUP(judge_report_free) struct judge_report *r = NULL;

		fill_bounds(bounds, is[k].b);
		q.bounds = bounds;
		q.settings.max = is[k].max;
		r = judged(&q);
		assert_int_equal(r->most_needed, 53);
		for (int by = 0; by < JUDGE_BOUNDS; by++)
			assert_close(r->bound_short[by], by == (int)is[k].by ? 0.5 : 0,
				     1e-9);
		for (int p = 0; p < JUDGE_POLICIES; p++) {
			for (size_t i = 0; i < r->n; i++)
				assert_true(r->row[p].run.running[i] <= 20);
			assert_true(r->row[p].run.short_share >= 0.5);
		}
		assert_close(r->row[JUDGE_ORACLE].run.short_share, 0.5, 1e-9);
		/* What cannot be served by day is no reason for more by night. */
		assert_true(r->row[JUDGE_OURS].cost < 1.2);
	}
}

static void what_a_minimum_costs_is_told_by_itself(void **state)
{
	static double y[N];
	static struct policy_bounds bounds[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;

	(void)state;
	make_days(y, N);
	fill_bounds(bounds, (struct policy_bounds){ 60, -1, -1 });
	q.bounds = bounds;
	r = judged(&q);
	for (int p = 0; p < JUDGE_POLICIES; p++)
		assert_close(r->row[p].cost, 1, 1e-9);
	/* The need is about 50 for half of the day, and 10 for the other. */
	assert_close(r->floor_cost, 60.0 / 31, 0.15);
}

static void where_it_never_scales_in_nobody_does_and_that_is_in_the_cost(void **state)
{
	static double y[N];

	(void)state;
	make_days(y, N);
	for (int k = 0; k < 2; k++) {
		struct judge_question q = question(y);
		CLEANUP(judge_report_free) struct judge_report *r = NULL;

		q.settings.mode = k ? DECIDE_AUTO : DECIDE_OUT;
		q.settings.stateful = k;
		r = judged(&q);
		for (int p = JUDGE_OURS; p <= JUDGE_REACTIVE; p++) {
			for (size_t i = 1; i < r->n; i++)
				assert_true(r->row[p].run.running[i] >=
					    r->row[p].run.running[i - 1]);
			assert_true(r->row[p].cost > 1.5);
		}
		assert_true(r->row[JUDGE_ORACLE].run.running[DAY] < 15);
	}
}

/* It halves in the middle of what is played: all need twice as many from then on. */
static void a_capacity_is_as_it_was_known(void **state)
{
	static double y[N], capacity[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *r = NULL;
	const size_t half = N / 2 + 4 * DAY;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		y[i] = 400 + (double)(i % 7);
		capacity[i] = i < half ? 20 : 10;
	}
	q.capacity = capacity;
	r = judged(&q);
	for (int p = 0; p < JUDGE_POLICIES; p++) {
		if (p == JUDGE_STATIC)
			continue;
		assert_in_range(r->row[p].run.running[half - r->from - 2], 20, 24);
		assert_in_range(r->row[p].run.running[half - r->from + 20], 40, 48);
	}
	assert_close(r->row[JUDGE_ORACLE].run.short_share, 0, 0);
	assert_true(r->row[JUDGE_OURS].run.short_share < 0.01);
}

/* A third of the boots take an hour longer: the same demand is served less well. */
static void boots_as_they_come_are_in_the_short_time(void **state)
{
	static const size_t boots[] = { 2, 2, 14 };
	static double y[N];
	struct judge_question q = question(y);
	CLEANUP(judge_report_free) struct judge_report *even = NULL;
	CLEANUP(judge_report_free) struct judge_report *late = NULL;
	double unserved;

	(void)state;
	make_days(y, N);
	even = judged(&q);
	q.boots = boots;
	q.n_boots = ARRAY_SIZE(boots);
	late = judged(&q);
	assert_true(late->row[JUDGE_OURS].run.short_share >
		    3 * even->row[JUDGE_OURS].run.short_share);
	unserved = late->row[JUDGE_OURS].run.unserved_share;
	/* Others take the place of a tenth of those that are overdue. */
	q.overdue_ms = 4 * STEP_MS;
	judge_report_free(TAKE(late));
	late = judged(&q);
	assert_true(late->row[JUDGE_OURS].run.unserved_share < 0.95 * unserved);
}

static void too_little_and_wrong_values_are_refused(void **state)
{
	static double y[N];
	struct judge_question q = question(y);

	(void)state;
	make_days(y, N);
	q.n = 30;
	assert_refused(&q, "30 values are too few");
	q = question(y);
	y[5] = -1;
	assert_refused(&q, "value 5");
	y[5] = 1;
	q.settings.risk = 2;
	assert_refused(&q, "risk");
	q = question(y);
	q.settings.capacity = 0;
	assert_refused(&q, "capacity");
	q = question(y);
	q.settings.lead_ms = (POLICY_LEAD_MAX + 1) * STEP_MS;
	assert_refused(&q, "lead time");
	q = question(y);
	q.step_ms = 10;
	assert_refused(&q, "step");
	for (size_t i = 0; i < N; i++)
		y[i] = NAN;
	q = question(y);
	assert_refused(&q, "no value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_beats_the_simple_policies_and_not_the_oracle),
		cmocka_unit_test(bands_keep_what_they_promise),
		cmocka_unit_test(risk_buys_cost),
		cmocka_unit_test(a_longer_dwell_acts_less_and_costs_more),
		cmocka_unit_test(the_points_are_what_the_tier_would_come_to),
		cmocka_unit_test(another_future_changes_no_earlier_instance),
		cmocka_unit_test(gaps_are_played_and_progress_ends_at_one),
		cmocka_unit_test(an_event_that_is_known_is_served_from_its_first_step),
		cmocka_unit_test(all_policies_keep_to_the_bounds_and_the_lowest_is_named),
		cmocka_unit_test(what_a_minimum_costs_is_told_by_itself),
		cmocka_unit_test(
			where_it_never_scales_in_nobody_does_and_that_is_in_the_cost),
		cmocka_unit_test(a_capacity_is_as_it_was_known),
		cmocka_unit_test(boots_as_they_come_are_in_the_short_time),
		cmocka_unit_test(too_little_and_wrong_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
