/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "coverage.h"

#include <math.h>

const double demand_bands[DEMAND_BANDS] = { 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995 };

void coverage_add(double coverage[DEMAND_BANDS], const float predicted[DEMAND_BANDS],
		  float top, uint64_t learned, double hour_life)
{
	const double life = fmin((double)learned + 1, COVERAGE_DAYS * 24 * hour_life);

	for (int k = 0; k < DEMAND_BANDS; k++)
		coverage[k] += ((top <= predicted[k]) - coverage[k]) / life;
}

void coverage_note(const struct demand_model *m, struct lead *l, const struct origin *o,
		   double target)
{
	coverage_add(l->coverage, o->predicted, (float)(target + (double)o->base),
		     l->learned, model_hour_life(m));
}

void coverage_tell(const double coverage[DEMAND_BANDS], uint64_t learned,
		   double ret[DEMAND_BANDS])
{
	for (int k = 0; k < DEMAND_BANDS; k++) {
		const double outside = (1 - demand_bands[k]) * (double)learned;

		ret[k] = outside >= COVERAGE_AFTER ? coverage[k] : NAN;
	}
}

void demand_model_coverage(const struct demand_model *m, size_t lead,
			   double ret[DEMAND_BANDS])
{
	const struct lead *l = model_lead_const(m, lead);

	CHECK(lead < m->opts.n_leads);
	coverage_tell(l->coverage, l->learned, ret);
}
