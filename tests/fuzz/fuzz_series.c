/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_series.c - any series through the models: options in the first bytes, then two
 * bytes a value with an exponent, or a gap, a late or a repeated sample.
 */
#include "check.h"
#include "demand.h"
#include "horizon.h"

#include <gsl/gsl_errno.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double value_of(const uint8_t *p)
{
	return ldexp(p[0] & 15, (p[1] & 127) - 64);
}

static void check_decision(const struct demand_model *m)
{
	struct demand_decision d;
	struct err e;
	double low, high;
	char why[160];

	for (size_t k = 0; k < demand_model_opts(m)->n_leads; k++) {
		demand_model_decide(m, k, &d);
		CHECK(d.needed >= 1 && d.instances >= d.needed && isfinite(d.median));
		CHECK(isfinite(d.upper) && d.level >= 0 && d.level <= 1);
		CHECK(*demand_why(&d, "then", why, sizeof(why)));
		if (demand_model_quantile(m, k, 0.1, &low, &e) == 0 &&
		    demand_model_quantile(m, k, 0.99, &high, &e) == 0)
			CHECK(isfinite(low) && isfinite(high) && low <= high);
	}
}

static void feed(struct demand_model *m, const uint8_t *data, size_t size)
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
		CHECK(demand_model_update(m, t_ms, value_of(data + i), &e) == 0);
		check_decision(m);
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

	const struct demand_opts o = { .step_ms = 600000,
				       .n_leads = 1U + data[0] / 20 % DEMAND_LEADS_MAX,
				       .lead_steps = { data[0] % 20, 1, 0, 30 },
				       .risk = ldexp(0.5, -(data[1] % 16)),
				       .capacity = value_of(
					       (const uint8_t[]){ 1, data[2] }) };

	CHECK(demand_model_new(&o, &m, &e) == 0 && demand_model_new(&o, &again, &e) == 0);
	feed(m, data + 4, size - 4);
	CHECK(demand_model_train(again, y, n, 0, &e) == 0);
	check_decision(again);
	check_forecast(y, n, 1U + data[3] % 50, data[2] % 3 ? 2U + data[2] % 40 : 0);
	for (size_t i = 0; i < n; i++)
		y[i] = isnan(y[i]) ? 0 : y[i];
	for (size_t k = period_find(y, n, NULL, 0, p, 4); k > 0; k--)
		CHECK(p[k - 1].steps >= 4 && p[k - 1].steps <= n / 3);
	return 0;
}
