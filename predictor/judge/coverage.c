/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "coverage.h"

#include "check.h"
#include "cleanup.h"
#include "simulate.h"

#include <math.h>
#include <stdlib.h>

struct demand_opts judge_leads(const struct demand_opts *of)
{
	const size_t own = of->lead_steps[0];
	const size_t others[] = { 1, own / 2, MIN(2 * own, (size_t)DEMAND_LEAD_MAX) };
	struct demand_opts o = *of;

	o.n_leads = 1;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		bool is_new = others[i] > 0;

		for (size_t k = 0; k < o.n_leads; k++)
			is_new &= o.lead_steps[k] != others[i];
		if (is_new)
			o.lead_steps[o.n_leads++] = others[i];
	}
	return o;
}

/* The coverage of the bands of a lead time. predicted: of step i at
 * predicted[i * stride]. */
static void fill_lead(const struct past *p, const double *predicted, size_t stride,
		      struct judge_lead *ret)
{
	const size_t window = ret->steps + 1;
	size_t count = 0;

	for (size_t i = 0; i + window < p->n; i++, count++) {
		double top = 0;

		for (size_t k = 1; k <= window; k++)
			top = fmax(top, p->plain[p->from + i + k]);
		for (size_t k = 0; k < DEMAND_BANDS; k++)
			ret->coverage[k] += top <= predicted[i * stride + k] * (1 + 1e-9);
	}
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		ret->coverage[k] /= count ? (double)count : NAN;
}

static int by_steps(const void *a, const void *b)
{
	const struct judge_lead *x = a, *y = b;

	return (x->steps > y->steps) - (x->steps < y->steps);
}

int judge_coverage(struct past *p, struct judge_report *r, struct err *err)
{
	const struct demand_opts o = judge_leads(p->opts);
	const size_t stride = o.n_leads * DEMAND_BANDS;
	CLEANUP(free) double *predicted = xcalloc(p->n * stride, sizeof(double));
	const int rc = simulate_model(p, &o, predicted, &r->row[JUDGE_MODEL].run, err);

	if (rc != 0)
		return rc;
	r->n_leads = o.n_leads;
	for (size_t k = 0; k < o.n_leads; k++) {
		r->lead[k].steps = o.lead_steps[k];
		fill_lead(p, predicted + k * DEMAND_BANDS, stride, &r->lead[k]);
	}
	qsort(r->lead, r->n_leads, sizeof(r->lead[0]), by_steps);
	while (r->lead[r->own].steps != p->opts->lead_steps[0])
		r->own++;
	return 0;
}
