/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_fixture.h - days of demand, and a model that learned them.
 */
#ifndef TESTS_UNIT_PREDICTOR_DEMAND_DEMAND_FIXTURE_H
#define TESTS_UNIT_PREDICTOR_DEMAND_DEMAND_FIXTURE_H

#include "check.h"
#include "demand.h"
#include "test.h"

#include <string.h>

#define STEP_MS 300000 /* five minutes: a day of 288 steps */
#define DAY 288
#define MONDAY_MS 1767571200000 /* 2026-01-05T00:00:00Z */
enum { N = 10 * DAY };

struct noise {
	unsigned seed;
};

static inline __attribute__((unused)) double uniform(struct noise *z) /* -1 to 1 */
{
	z->seed = z->seed * 1664525u + 1013904223u;
	return (double)(z->seed >> 8) / (1 << 23) - 1;
}

/* Days with a steep morning and noise; shift: steps by which the days begin later. */
static inline __attribute__((unused)) void make_days(double *y, size_t n, size_t shift,
						     unsigned seed)
{
	struct noise z = { seed };

	for (size_t i = 0; i < n; i++) {
		const size_t t = (i + DAY - shift % DAY) % DAY;
		const double open = t >= 96 && t < 240 ? 1000 : 200;

		y[i] = open * (1 + 0.3 * sin(2 * M_PI * (double)t / DAY)) *
		       (1 + 0.05 * uniform(&z) * uniform(&z));
	}
}

static inline __attribute__((unused)) struct demand_opts opts(void)
{
	return (struct demand_opts){
		.step_ms = STEP_MS,
		.n_leads = 1,
		.lead_steps = { 2 },
	};
}

static inline __attribute__((unused)) struct demand_model *fresh(
	const struct demand_opts *o)
{
	struct demand_model *m = NULL;
	struct err e;

	assert_ok(demand_model_new(o, &m, &e), &e);
	return m;
}

static inline __attribute__((unused)) struct demand_model *trained(
	const struct demand_opts *o, const double *y, size_t n)
{
	struct demand_model *m = fresh(o);
	struct err e;

	assert_ok(demand_model_train(m, y, n, MONDAY_MS, NULL, &e), &e);
	return m;
}

static inline __attribute__((unused)) void feed(struct demand_model *m, size_t i,
						double y)
{
	struct err e;

	assert_ok(demand_model_update(m, MONDAY_MS + (int64_t)i * STEP_MS, y, &e), &e);
}

#define CAPACITY 20 /* of an instance */
#define PRICE 100   /* of a short step, in instance steps */

static inline __attribute__((unused)) struct demand_view view_of(
	const struct demand_model *m, size_t lead)
{
	struct demand_view v;
	struct err e;

	assert_ok(demand_model_view(m, lead, &v, &e), &e);
	return v;
}

/* The instances that the forecast calls for. */
static inline __attribute__((unused)) size_t wanted(const struct demand_model *m)
{
	const struct demand_view v = view_of(m, 0);

	return demand_view_instances(&v, CAPACITY, PRICE, NULL);
}

static inline __attribute__((unused)) struct demand_source source_of(
	const struct demand_model *m)
{
	struct demand_source s;

	demand_model_source(m, 0, &s);
	return s;
}

static inline __attribute__((unused)) void *bytes_of(const struct demand_model *m,
						     size_t *len)
{
	void *b;

	*len = demand_model_size(m);
	b = xmalloc(*len);
	demand_model_save(m, b);
	return b;
}

static inline __attribute__((unused)) void assert_same_bytes(const struct demand_model *a,
							     const struct demand_model *b)
{
	size_t n, k;
	void *x = bytes_of(a, &n), *y = bytes_of(b, &k);

	assert_int_equal(n, k);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
}

#endif
