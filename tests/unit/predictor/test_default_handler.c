/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * With GSL's own error handler, which aborts the process: every numerical failure is an
 * error that is returned, or an answer without what could not be computed.
 */
#include "test.h"

#include "capacity.h"
#include "check.h"
#include "demand.h"
#include "horizon.h"
#include "judge.h"
#include "linear.h"
#include "policy.h"
#include "uplift.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST 1200
#define MINUTE_MS INT64_C(60000)
#define STEP_MS (15 * MINUTE_MS)

struct past {
	const char *name;
	double (*at)(size_t i);
	size_t n;
};

static double constant(size_t i)
{
	(void)i;
	return 7;
}

static double zero(size_t i)
{
	(void)i;
	return 0;
}

static double tiny(size_t i)
{
	return DBL_MIN * (double)(i % 3);
}

static double huge(size_t i)
{
	return DEMAND_MAX / (double)(1 + i % 5);
}

static double beyond_all(size_t i)
{
	return i % 2 ? DBL_MAX : DBL_MIN;
}

static double missing(size_t i)
{
	(void)i;
	return NAN;
}

static double mostly_missing(size_t i)
{
	return i % 97 ? NAN : (double)i;
}

static double infinite(size_t i)
{
	return i % 50 == 3 ? INFINITY : 1;
}

static double negative(size_t i)
{
	return -(double)i;
}

static double line(size_t i)
{
	return (double)i;
}

static double exact_wave(size_t i)
{
	return 10 + 5 * sin(2 * M_PI * (double)i / 96);
}

static double one_peak(size_t i)
{
	return i == 500 ? 1e12 : 1;
}

static double two_scales(size_t i)
{
	return i % 96 ? 1e-12 : 1e12;
}

static double steep(size_t i)
{
	return exp((double)i / 20);
}

static double half(size_t i)
{
	(void)i;
	return 0.5;
}

static double one(size_t i)
{
	(void)i;
	return 1;
}

static double share(size_t i)
{
	return (double)(i % 100) / 100;
}

static double two_demands(size_t i)
{
	return i % 2 ? 3 : 5;
}

static const struct past pasts[] = {
	{ "empty", zero, 0 },
	{ "one", constant, 1 },
	{ "two", line, 2 },
	{ "short", exact_wave, 11 },
	{ "constant", constant, MOST },
	{ "zero", zero, MOST },
	{ "tiny", tiny, MOST },
	{ "huge", huge, MOST },
	{ "beyond all", beyond_all, MOST },
	{ "missing", missing, MOST },
	{ "mostly missing", mostly_missing, MOST },
	{ "infinite", infinite, MOST },
	{ "negative", negative, MOST },
	{ "line", line, MOST },
	{ "exact wave", exact_wave, MOST },
	{ "one peak", one_peak, MOST },
	{ "two scales", two_scales, MOST },
	{ "steep", steep, MOST },
};

/* Of a past, the values that are there: for what takes no others. */
struct values {
	double y[MOST + 1];
	size_t n;
};

static struct values values_of(const struct past *p)
{
	struct values v = { .n = p->n };

	print_message("%s\n", p->name);
	for (size_t i = 0; i < p->n; i++)
		v.y[i] = p->at(i);
	return v;
}

#define FOR_ALL(v)                                        \
	for (size_t k_ = 0; k_ < ARRAY_SIZE(pasts); k_++) \
		for (struct values v = values_of(&pasts[k_]), *go_ = &v; go_; go_ = NULL)

/* It did what it was asked, or said why not. */
static bool answered(int rc, const struct err *e)
{
	assert_true(rc == 0 || *e->msg);
	return rc == 0;
}

static void forecasts_of_any_past(void **state)
{
	static const double levels[] = { 0.025, 0.5, 0.975 };
	static const size_t seasons[][HORIZON_SEASONS] = { { 0 }, { 96 }, { 2, 3, 96 } };

	(void)state;
	FOR_ALL(v)
	{
		for (size_t s = 0; s < ARRAY_SIZE(seasons); s++) {
			struct horizon_opts o = { .h = 48,
						  .levels = levels,
						  .n_levels = ARRAY_SIZE(levels) };
			CLEANUP(horizon_free) struct horizon *f = NULL;
			struct err e = { 0 };

			memcpy(o.seasons, seasons[s], sizeof(o.seasons));
			if (!answered(horizon_forecast(v.y, v.n, &o, &f, &e), &e))
				continue;
			for (size_t i = 0; i < 3 * o.h; i++)
				assert_true(isfinite(f->q[i]));
		}
	}
}

static void outlooks_of_any_past(void **state)
{
	static const double levels[] = { 0.05, 0.5, 0.95 };

	(void)state;
	FOR_ALL(v)
	{
		const struct uplift_series s = { .y = v.y, .n = v.n, .step_ms = STEP_MS };
		CLEANUP(outlook_done) struct outlook o = { 0 };
		struct err e = { 0 };

		(void)answered(outlook_make(&s, 96, levels, 3, &o, &e), &e);
	}
}

static void decision_models_of_any_past(void **state)
{
	(void)state;
	FOR_ALL(v)
	{
		const struct policy_settings s = { .risk = 0.005,
						   .capacity = 3,
						   .lead_ms = 2 * STEP_MS,
						   .lead_spread = 0.3,
						   .mode = DECIDE_AUTO,
						   .min = 1,
						   .max = -1,
						   .action_price = 10 };
		const struct demand_opts o = policy_model_opts(STEP_MS, s.lead_ms);
		CLEANUP(demand_model_free) struct demand_model *m = NULL;
		const struct policy_past past = { .y = v.y, .n = v.n };
		struct policy p;
		struct err e = { 0 };

		assert_ok(demand_model_new(&o, &m, &e), &e);
		policy_init(&p, &o, &s);
		(void)answered(policy_train(&p, &s, m, &past, &e), &e);
		for (size_t i = 0; i < v.n; i++) {
			struct decide_input in;
			double level;

			(void)answered(demand_model_update(m,
							   (int64_t)(v.n + i) * STEP_MS,
							   v.y[i], &e),
				       &e);
			policy_observe(&p, &s, NULL, v.y[i], 3, false);
			policy_input(&p, &s, (int64_t)(v.n + i) * STEP_MS, v.y[i], 3, 0,
				     &in);
			policy_fill(&p, &s, m, NULL, &in, &level);
			assert_true(isfinite(p.log_price));
		}
	}
}

static void backtests_of_any_past(void **state)
{
	(void)state;
	FOR_ALL(v)
	{
		const struct judge_question q = {
			.y = v.y,
			.n = v.n,
			.step_ms = STEP_MS,
			.settings = { .risk = 0.005,
				      .capacity = 3,
				      .lead_ms = 2 * STEP_MS,
				      .mode = DECIDE_AUTO,
				      .max = 1000,
				      .action_price = 10 },
		};
		CLEANUP(judge_report_free) struct judge_report *r = NULL;
		struct err e = { 0 };

		(void)answered(judge_backtest(&q, &r, &e), &e);
	}
}

static void uplifts_of_any_past(void **state)
{
	static const double sizes[] = { 0, 1e-300, 0.05, 1e300, INFINITY, NAN };

	(void)state;
	FOR_ALL(v)
	{
		const struct uplift_series s = { .y = v.y, .n = v.n, .step_ms = STEP_MS };
		const struct uplift_span of = { 800 * STEP_MS, 810 * STEP_MS };
		struct uplift_measure m;
		struct err e = { 0 };

		(void)answered(uplift_measure(&s, &of, &of, 1, &m, &e), &e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			const struct uplift_measure m[] = { { sizes[i], sizes[k], 1 },
							    { sizes[k], sizes[i], 2 } };
			const struct uplift u = uplift_learned(m, 2);

			(void)uplift_quantile(&u, sizes[i], sizes[k], 0.99);
			(void)uplift_quantile(&u, sizes[k], sizes[i], NAN);
		}
}

/* Of minute i, another each. */
static const struct {
	const char *name;
	double (*demand)(size_t i), (*busy)(size_t i), (*latency)(size_t i);
} instances[] = {
	{ "all alike", constant, half, one },
	{ "latency alone, all alike", constant, missing, one },
	{ "latency alone, a line", line, missing, one },
	{ "latency alone, no demand", zero, missing, one },
	{ "latency grows", line, missing, steep },
	{ "latency of two scales", two_scales, missing, two_scales },
	{ "busy in proportion", line, share, one },
	{ "busy in proportion, alone", line, share, missing },
	{ "busy, no demand", zero, share, missing },
	{ "busy with anything", two_scales, half, missing },
	{ "never busy", line, zero, missing },
	{ "always busy", line, one, missing },
	{ "tiny", tiny, share, tiny },
	{ "huge", huge, share, huge },
	{ "beyond all", beyond_all, share, beyond_all },
	{ "a peak", one_peak, share, one_peak },
	{ "two demands", two_demands, share, one },
	{ "two demands, latency alone", two_demands, missing, two_demands },
};

static void see_all(size_t k, size_t n, size_t most_instances)
{
	CLEANUP(capacity_free) struct capacity *c = NULL;
	struct err e = { 0 };

	assert_ok(capacity_new(0.7, &c, &e), &e);
	for (size_t i = 0; i < n; i++) {
		const struct capacity_seen seen = {
			.minute = (int64_t)i,
			.demand = instances[k].demand(i),
			.utilisation = instances[k].busy(i),
			.latency_s = instances[k].latency(i),
			.instances = 1 + i % most_instances,
		};
		struct capacity_change change;
		bool changed;

		(void)answered(capacity_see(c, &seen, &changed, &change, &e), &e);
		if (i % 50 == 49)
			capacity_fit(c, 1 + i % 7);
	}
	capacity_fit(c, 1);
	assert_non_null(capacity_known(c));
}

static void capacities_of_any_past(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 31, 200, MOST };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(instances); k++) {
		print_message("%s\n", instances[k].name);
		for (size_t l = 0; l < ARRAY_SIZE(lengths); l++) {
			see_all(k, lengths[l], 1);
			see_all(k, lengths[l], 2);
			see_all(k, lengths[l], 9);
		}
	}
}

static void lead_times_of_any_past(void **state)
{
	(void)state;
	FOR_ALL(v)
	{
		struct policy_leads l;
		struct policy_noise z = { 0 };

		policy_leads_init(&l, 1);
		for (size_t i = 0; i < v.n; i++) {
			policy_leads_note(&l,
					  v.y[i] < 1e18 ? (int64_t)v.y[i] : INT64_MAX);
			(void)policy_noise_sure(&z, (int64_t)i * 10000, v.y[i], 10000);
		}
		assert_true(policy_leads_planned(&l) >= 0);
		assert_true(policy_leads_upper(&l, 0.95) >= 0);
		assert_true(policy_leads_overdue(&l) >= 0);
	}
}

static void singular_equations_are_refused(void **state)
{
	double none = 0;
	double singular[] = { 1, 1, 1, 1 }, b[] = { 1, 1 };
	double indefinite[] = { 1, 2, 2, 1 }, c[] = { 1, 1 };
	double unknown[] = { NAN, 0, 0, 1 }, d[] = { 1, 1 };
	double good[] = { 4, 0, 2, 3 }, e[] = { 10, 8 };

	(void)state;
	assert_true(linear_solve(&none, &none, 0));
	assert_false(linear_solve(&none, &none, 1));
	assert_false(linear_solve(singular, b, 2));
	assert_false(linear_solve(indefinite, c, 2));
	assert_false(linear_solve(unknown, d, 2));
	/* The upper triangle is not read. */
	assert_true(linear_solve(good, e, 2));
	assert_close(e[0], 1.75, 1e-12);
	assert_close(e[1], 1.5, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(singular_equations_are_refused),
		cmocka_unit_test(forecasts_of_any_past),
		cmocka_unit_test(outlooks_of_any_past),
		cmocka_unit_test(decision_models_of_any_past),
		cmocka_unit_test(backtests_of_any_past),
		cmocka_unit_test(uplifts_of_any_past),
		cmocka_unit_test(lead_times_of_any_past),
		cmocka_unit_test(capacities_of_any_past),
	};

	return cmocka_run_group_tests_name("default_handler", tests, NULL, NULL);
}
