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

static struct demand_opts opts(void)
{
	return (struct demand_opts){
		.step_ms = STEP_MS,
		.n_leads = 1,
		.lead_steps = { 2 },
		.risk = 0.01,
		.capacity = 20,
	};
}

static void the_model_beats_the_simple_policies_and_not_the_oracle(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct judge_report *r = NULL;
	struct err e;

	(void)state;
	make_days(y, N);
	assert_ok(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &r, &e), &e);
	assert_int_equal(r->from, N / 2);
	assert_int_equal(r->n, N / 2);
	assert_close(r->row[JUDGE_ORACLE].cost, 1, 1e-12);
	assert_close(r->row[JUDGE_ORACLE].run.short_share, 0, 0);
	assert_true(r->row[JUDGE_MODEL].cost > 1);
	assert_true(r->row[JUDGE_MODEL].run.short_share <= 0.02);
	assert_true(r->row[JUDGE_MODEL].cost < r->row[JUDGE_SEASONAL].cost);
	assert_true(r->row[JUDGE_MODEL].cost < r->row[JUDGE_STATIC].cost);
	/* No headroom saves the rule that only reacts: it is short each morning. */
	assert_true(r->row[JUDGE_REACTIVE].run.short_share >
		    r->row[JUDGE_MODEL].run.short_share);
	assert_close(r->row[JUDGE_STATIC].cost,
		     (double)r->row[JUDGE_STATIC].run.running[N / 2 - 1] * (double)r->n /
			     r->row[JUDGE_ORACLE].run.instance_steps,
		     0.01);
	judge_report_free(r);
}

static void bands_keep_what_they_promise_and_risk_buys_cost(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct judge_report *r = NULL;
	struct err e;

	(void)state;
	make_days(y, N);
	assert_ok(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &r, &e), &e);
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		for (size_t i = 0; i < r->n_leads; i++)
			assert_close(r->lead[i].coverage[k], demand_bands[k], 0.06);
	for (size_t k = 1; k < JUDGE_RISKS; k++) {
		assert_true(r->frontier[k].risk > r->frontier[k - 1].risk);
		assert_true(r->frontier[k].cost <= r->frontier[k - 1].cost + 0.01);
	}
	judge_report_free(r);
}

static void another_future_changes_no_earlier_instance(void **state)
{
	static double y[N], z[N];
	const struct demand_opts o = opts();
	struct judge_report *a = NULL, *b = NULL;
	struct err e;

	(void)state;
	make_days(y, N);
	memcpy(z, y, sizeof(z));
	for (size_t i = N - 100; i < N; i++)
		z[i] *= 3;
	assert_ok(judge_backtest(y, N, 0, &o, DAY, NULL, NULL, &a, &e), &e);
	assert_ok(judge_backtest(z, N, 0, &o, DAY, NULL, NULL, &b, &e), &e);
	for (int p = 0; p < JUDGE_ORACLE; p++)
		assert_memory_equal(a->row[p].run.running, b->row[p].run.running,
				    (DAY - 100) * sizeof(uint32_t));
	judge_report_free(a);
	judge_report_free(b);
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
	const struct demand_opts o = opts();
	struct judge_report *r = NULL;
	double last = 0;
	struct err e;

	(void)state;
	make_days(y, N);
	y[0] = y[N - 1] = y[N - 200] = NAN;
	assert_ok(judge_backtest(y, N, 0, &o, 0, on_progress, &last, &r, &e), &e);
	assert_close(last, 1, 0);
	assert_true(isfinite(r->row[JUDGE_MODEL].cost));
	judge_report_free(r);
}

static void an_event_that_is_known_is_served_from_its_first_step(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	/* In the night, where nothing else would ask for more. */
	const struct uplift_event e = { { INT64_C(10) * DAY * STEP_MS,
					  (INT64_C(10) * DAY + 60) * STEP_MS },
					{ 4, 4, 4, 0, 0 } };
	CLEANUP(judge_report_free) struct judge_report *blind = NULL;
	CLEANUP(judge_report_free) struct judge_report *knows = NULL;
	struct err err;

	(void)state;
	make_days(y, N);
	for (size_t i = 10 * DAY; i < 10 * DAY + 60; i++)
		y[i] *= 4;
	assert_ok(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &blind, &err), &err);
	assert_ok(judge_backtest_events(y, N, 0, &o, 0, &e, 1, NULL, NULL, &knows, &err),
		  &err);
	assert_true(knows->row[JUDGE_MODEL].run.unserved_share <
		    0.5 * blind->row[JUDGE_MODEL].run.unserved_share);
	assert_true(knows->row[JUDGE_MODEL].cost < blind->row[JUDGE_MODEL].cost * 1.1);
	/* The others play the same. */
	assert_close(knows->row[JUDGE_REACTIVE].cost, blind->row[JUDGE_REACTIVE].cost, 0);
}

static void too_little_and_wrong_values_are_refused(void **state)
{
	static double y[N];
	struct demand_opts o = opts();
	struct judge_report *r = NULL;
	struct err e;

	(void)state;
	make_days(y, N);
	assert_int_equal(judge_backtest(y, 30, 0, &o, 0, NULL, NULL, &r, &e), ERR_INVAL);
	y[5] = -1;
	assert_int_equal(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &r, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "value 5"));
	y[5] = 1;
	o.risk = 2;
	assert_int_equal(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &r, &e), ERR_INVAL);
	o = opts();
	o.step_ms = 0;
	assert_int_equal(judge_backtest(y, N, 0, &o, 0, NULL, NULL, &r, &e), ERR_INVAL);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_model_beats_the_simple_policies_and_not_the_oracle),
		cmocka_unit_test(bands_keep_what_they_promise_and_risk_buys_cost),
		cmocka_unit_test(another_future_changes_no_earlier_instance),
		cmocka_unit_test(gaps_are_played_and_progress_ends_at_one),
		cmocka_unit_test(an_event_that_is_known_is_served_from_its_first_step),
		cmocka_unit_test(too_little_and_wrong_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
