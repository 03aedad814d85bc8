/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "coverage.h"

#include <math.h>

const double demand_bands[DEMAND_BANDS] = { 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995 };

void coverage_note(const struct demand_model *m, struct lead *l, const struct origin *o,
		   double target)
{
	const double life =
		fmin((double)l->learned + 1, COVERAGE_DAYS * 24 * model_hour_life(m));
	const float top = (float)(target + (double)o->base);

	for (int k = 0; k < DEMAND_BANDS; k++)
		l->coverage[k] += ((top <= o->predicted[k]) - l->coverage[k]) / life;
}

void demand_model_coverage(const struct demand_model *m, size_t lead,
			   double ret[DEMAND_BANDS])
{
	CHECK(lead < m->opts.n_leads);

	const struct lead *l = model_lead_const(m, lead);

	for (int k = 0; k < DEMAND_BANDS; k++) {
		const double outside = (1 - demand_bands[k]) * (double)l->learned;

		ret[k] = outside >= COVERAGE_AFTER ? l->coverage[k] : NAN;
	}
}
