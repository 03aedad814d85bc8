/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "coverage.h"

#include "check.h"
#include "cleanup.h"

#include <math.h>
#include <stdlib.h>

struct demand_opts judge_leads(const struct past *p)
{
	const size_t own = p->terms.lead;
	const size_t others[] = { 1, own / 2, MIN(2 * own, (size_t)DEMAND_LEAD_MAX) };
	struct demand_opts o = policy_model_opts(p->q->step_ms, p->q->settings.lead_ms);

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

void judge_coverage(const struct past *p, const struct demand_opts *o,
		    const double *predicted, struct judge_report *r)
{
	for (size_t k = 0; k < o->n_leads; k++) {
		/* Of the lead times the far one is for scaling in alone. */
		if (k == POLICY_FAR)
			continue;
		r->lead[r->n_leads].steps = o->lead_steps[k];
		fill_lead(p, predicted + k * DEMAND_BANDS, o->n_leads * DEMAND_BANDS,
			  &r->lead[r->n_leads++]);
	}
	qsort(r->lead, r->n_leads, sizeof(r->lead[0]), by_steps);
	while (r->lead[r->own].steps != p->terms.lead)
		r->own++;
}
