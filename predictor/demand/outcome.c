/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outcome.c - what a forecast has come to.
 */
#include "check.h"
#include "model.h"

#include <math.h>

bool demand_model_outcome(const struct demand_model *m, size_t lead,
			  enum demand_fallback level, struct demand_outcome *ret)
{
	CHECK(lead < m->opts.n_leads);

	const struct lead *l = model_lead_const(m, lead);
	const struct origin *o = lead_oldest(m, l);
	const float *y = model_y_const(m) + m->at;
	const size_t steps = l->window - 1;

	if (steps == 0 || m->n < l->window || o->filled || m->clean < steps)
		return false;

	const double mid = fmax((double)o->base + (double)o->centre[level], 0);
	const double sigma = (double)o->sigma[level];

	*ret = (struct demand_outcome){
		.mid = mid,
		.low = fmax(mid + sigma * histogram_quantile(&l->histogram, 0.05), 0),
		.high = mid + sigma * histogram_quantile(&l->histogram, 0.95),
		.usual = (double)lead_sizes_const(l)[o->slot / SIZES_STEPS],
	};
	for (size_t k = 0; k < steps; k++)
		ret->top = fmax(ret->top, (double)y[-(ptrdiff_t)k]);
	return true;
}
