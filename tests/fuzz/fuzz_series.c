/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_series.c - any series through the models, a policy and the rule: options in the
 * first bytes, then two bytes a value with an exponent, or a gap, a late or a repeated
 * sample.
 */
#include "check.h"
#include "demand.h"
#include "horizon.h"
#include "policy.h"
#include "rule.h"

#include <gsl/gsl_errno.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double value_of(const uint8_t *p)
{
	return ldexp(p[0] & 15, (p[1] & 127) - 64);
}

static void check_forecast_of(const struct demand_model *m)
{
	struct demand_source from;
	struct demand_view v;
	struct err e;
	double low, high;
	char why[160];

	for (size_t k = 0; k < demand_model_opts(m)->n_leads; k++) {
		demand_model_source(m, k, &from);
		CHECK(*demand_why(&from, "then", why, sizeof(why)));
		if (demand_model_view(m, k, &v, &e) != 0)
			continue;
		CHECK(isfinite(v.mid) && v.mid <= v.most && v.sigma >= 0);
		CHECK(demand_model_quantile(m, k, 0.1, &low, &e) == 0);
		CHECK(demand_model_quantile(m, k, 0.99, &high, &e) == 0);
		CHECK(isfinite(low) && isfinite(high) && low <= high);
	}
}

/* A tier that decides on the model. */
struct tier {
	struct policy_settings s;
	struct policy p;
	struct decide_state state;
	struct decide_plan plan;
	struct policy_noise noise;
};

static struct tier tier_of(const uint8_t *data)
{
	return (struct tier){
		.s = { .risk = ldexp(0.5, -(data[1] % 16)),
		       .price = data[3] % 3 == 2 ? data[2] : 0,
		       .capacity = value_of((const uint8_t[]){ 1, data[2] }),
		       .lead_ms = data[0] % 20 * 600000,
		       .mode = DECIDE_AUTO,
		       .min = data[3] % 4,
		       .max = data[3] % 5 ? 5 * data[3] : -1,
		       .step_in_max = data[1] % 3,
		       .step_out_max = data[2] % 3,
		       .dwell_ms = data[3] % 7 * 300000,
		       .action_price = data[1] / 16 },
	};
}

static void check_decision(struct tier *t, const struct demand_model *m, int64_t end_ms,
			   double demand)
{
	struct decide_input in;
	double level, evidence;

	policy_input(&t->p, &t->s, end_ms, demand, t->plan.desired, 0, &in);
	policy_fill(&t->p, &t->s, m, NULL, &in, &level);
	evidence = policy_noise_sure(&t->noise, end_ms, demand, 10000);
	CHECK(evidence >= 0 && evidence <= demand);
	CHECK(isfinite(t->p.log_price) && in.demand_sure >= 0);
	CHECK(isnan(level) || (level >= 0 && level <= 1));
	CHECK(isnan(in.forecast_high) || (isfinite(in.forecast_high) &&
					  in.forecast_high >= 0 && !isnan(in.out_gain)));
	CHECK(isnan(in.again_near) || isfinite(in.again_near + in.again_far));
	decide(&in, &t->state, &t->plan);
	CHECK(t->plan.desired >= 0 && t->plan.desired <= 1000000);
	CHECK(t->s.max < 0 || t->plan.desired <= t->s.max || t->s.max < t->s.min);
}

static void feed(struct tier *t, struct demand_model *m, const uint8_t *data, size_t size)
{
	int64_t t_ms = 1767571200000;
	struct err e;

	for (size_t i = 0; i + 1 < size; i += 2) {
		const int kind = data[i] >> 4;

		t_ms += kind == 15   ? 50 * 600000
			: kind == 14 ? -600000
			: kind == 13 ? 0
				     : 600000;
		if (kind == 12)
			demand_model_set_offset(m, data[i + 1] * 60 - 7200);
		policy_observe(&t->p, &t->s, NULL, value_of(data + i),
			       kind == 11 ? -1 : t->plan.desired,
			       t->plan.would_binding == DECIDE_BY_MIN);
		CHECK(demand_model_update(m, t_ms, value_of(data + i), &e) == 0);
		check_forecast_of(m);
		check_decision(t, m, t_ms + 600000, value_of(data + i));
	}
}

static void check_forecast(const double *y, size_t n, size_t h, size_t season)
{
	static const double levels[] = { 0.01, 0.5, 0.99 };
	const struct horizon_opts o = {
		.h = h, .seasons = { season, 7 * season }, .levels = levels, .n_levels = 3
	};
	CLEANUP(horizon_free) struct horizon *f = NULL;
	struct err e = { 0 };

	if (horizon_forecast(y, n, &o, &f, &e) < 0) {
		CHECK(*e.msg);
		return;
	}
	for (size_t j = 0; j < h; j++) {
		CHECK(isfinite(f->mean[j]) && isfinite(f->q[2 * h + j]));
		CHECK(f->q[j] <= f->q[h + j] && f->q[h + j] <= f->q[2 * h + j]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	CLEANUP(demand_model_free) struct demand_model *again = NULL;
	CLEANUP(free) double *y = xcalloc(size + 1, sizeof(*y));
	struct period p[4];
	struct err e;
	size_t n = 0;

	gsl_set_error_handler_off();
	if (size < 4 || size > 4096)
		return 0;
	for (size_t i = 4; i + 1 < size; i += 2)
		y[n++] = data[i] >> 4 == 15 ? NAN : value_of(data + i);

	struct demand_opts o = { .step_ms = 600000,
				 .n_leads = 1U + data[0] / 20 % DEMAND_LEADS_MAX,
				 .lead_steps = { data[0] % 20, 1, 0, 30 } };
	struct tier t = tier_of(data), u = t;

	CHECK(demand_model_new(&o, &again, &e) == 0);
	CHECK(demand_model_train(again, y, n, 0, NULL, &e) == 0);
	check_forecast_of(again);
	demand_model_free(TAKE(again));
	if (policy_settings_check(&t.s, &e) == 0) {
		o = policy_model_opts(600000, t.s.lead_ms);
		CHECK(demand_model_new(&o, &m, &e) == 0);
		CHECK(demand_model_new(&o, &again, &e) == 0);
		policy_init(&t.p, &o, &t.s);
		feed(&t, m, data + 4, size - 4);
		policy_init(&u.p, &o, &u.s);
		CHECK(policy_train(&u.p, &u.s, again,
				   &(struct policy_past){ .y = y, .n = n }, &e) == 0);
		check_decision(&u, again, (int64_t)n * 600000,
			       n ? value_of(data + 4) : 0);
	}
	check_forecast(y, n, 1U + data[3] % 50, data[2] % 3 ? 2U + data[2] % 40 : 0);
	for (size_t i = 0; i < n; i++)
		y[i] = isnan(y[i]) ? 0 : y[i];
	for (size_t k = period_find(y, n, NULL, 0, p, 4); k > 0; k--)
		CHECK(p[k - 1].steps >= 4 && p[k - 1].steps <= n / 3);
	return 0;
}
