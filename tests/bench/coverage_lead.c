/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_lead - how often the next launch keeps the upper lead time that is told after
 * 5, 10 and 50 launches, by kind of boot.
 */
#include "coverage_row.h"

#include "check.h"
#include "policy.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#define RUNS 40000
#define SECONDS 1000.0

static double lognormal(gsl_rng *r)
{
	return 60 * SECONDS * gsl_ran_lognormal(r, 0, 0.3);
}

static double gamma_4(gsl_rng *r)
{
	return gsl_ran_gamma(r, 4, 15 * SECONDS);
}

static double gamma_20(gsl_rng *r)
{
	return gsl_ran_gamma(r, 20, 3 * SECONDS);
}

/* From a cached image, or not. */
static double two_kinds(gsl_rng *r, double share, double ratio)
{
	const double slow = gsl_rng_uniform(r) < share ? ratio : 1;

	return 30 * SECONDS * slow * gsl_ran_lognormal(r, 0, 0.15);
}

static double tenth_sixfold(gsl_rng *r)
{
	return two_kinds(r, 0.1, 6);
}

static double fifth_threefold(gsl_rng *r)
{
	return two_kinds(r, 0.2, 3);
}

static double half_fourfold(gsl_rng *r)
{
	return two_kinds(r, 0.5, 4);
}

/* A fixed part, and one that varies. */
static double shifted(gsl_rng *r)
{
	return 30 * SECONDS + gsl_ran_exponential(r, 30 * SECONDS);
}

static const int launches[] = { 5, 10, 50 };

/* What leads.h states of each kind. */
static const struct {
	const char *name;
	double (*draw)(gsl_rng *r);
	double upper[ARRAY_SIZE(launches)], overdue[ARRAY_SIZE(launches)];
} kinds[] = {
	{ "lognormal", lognormal, { 0.95, 0.95, 0.95 }, { 0.975, 0.975, 0.975 } },
	{ "gamma, shape 4", gamma_4, { 0.95, 0.95, 0.95 }, { 0.975, 0.975, 0.975 } },
	{ "gamma, shape 20", gamma_20, { 0.95, 0.95, 0.95 }, { 0.975, 0.975, 0.975 } },
	{ "a fixed part and an exponential one",
	  shifted,
	  { 0.95, 0.95, 0.95 },
	  { 0.975, 0.975, 0.975 } },
	{ "two kinds: a tenth 6 times",
	  tenth_sixfold,
	  { 0.92, 0.95, 0.95 },
	  { 0.93, 0.96, 0.975 } },
	{ "two kinds: a fifth 3 times",
	  fifth_threefold,
	  { 0.92, 0.95, 0.95 },
	  { 0.93, 0.97, 0.975 } },
	{ "two kinds: half 4 times",
	  half_fourfold,
	  { 0.98, 0.99, 0.95 },
	  { 0.98, 0.99, 0.975 } },
};

static void play(gsl_rng *r, size_t kind, size_t which)
{
	const int n = launches[which];
	struct coverage_row upper = { 0 }, overdue = { 0 };
	char name[100];

	for (int run = 0; run < RUNS; run++) {
		struct policy_leads l;
		int64_t next;

		policy_leads_init(&l, 60000);
		for (int i = 0; i < n; i++)
			policy_leads_note(&l, llround(kinds[kind].draw(r)));
		next = llround(kinds[kind].draw(r));
		coverage_row_note(&upper, next <= policy_leads_upper(&l, 0.95));
		coverage_row_note(&overdue, next <= policy_leads_overdue(&l));
	}
	snprintf(name, sizeof(name), "lead time, p95 after %d launches, %s", n,
		 kinds[kind].name);
	coverage_row_print(name, kinds[kind].upper[which], &upper);
	snprintf(name, sizeof(name), "lead time, overdue after %d launches, %s", n,
		 kinds[kind].name);
	coverage_row_print(name, kinds[kind].overdue[which], &overdue);
}

int main(void)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(launches); i++)
			play(r, k, i);
	gsl_rng_free(r);
	return 0;
}
