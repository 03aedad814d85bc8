/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fallback.h"

#include <math.h>

/* Pinball loss of a fallback level's 95 % quantile. */
static double loss_of(const struct lead *l, const struct origin *o, int fallback_level,
		      double target)
{
	const double q = (double)o->centre[fallback_level] +
			 (double)o->sigma[fallback_level] *
				 histogram_quantile(&l->histogram, 0.95);

	return target > q ? 0.95 * (target - q) : 0.05 * (q - target);
}

static double judge_life(const struct demand_model *m)
{
	return JUDGE_DAYS * 24 * model_hour_life(m);
}

void fallback_judge(const struct demand_model *m, struct lead *l, const struct origin *o,
		    double target)
{
	const double count = (double)l->learned + 1;

	for (int r = DEMAND_REACTIVE; r < DEMAND_FALLBACKS; r++) {
		const double loss = loss_of(l, o, r, target);
		const double error = fabs(target - (double)o->centre[r]);

		l->loss[r] += (loss - l->loss[r]) / fmin(count, judge_life(m));
		l->error[r] += (error - l->error[r]) / fmin(count, judge_life(m));
	}
}

enum demand_fallback fallback_choose(const struct demand_model *m, const struct lead *l,
				     enum demand_reason *why)
{
	const double per_day = 86400000.0 / (double)m->opts.step_ms;
	const bool season = (double)l->learned > 2 * per_day && l->shape.day;
	const double *loss = l->loss;
	const enum demand_fallback simple =
		season && loss[DEMAND_SEASONAL] < loss[DEMAND_REACTIVE] ? DEMAND_SEASONAL
									: DEMAND_REACTIVE;
	/* The model is kept while it is only a little worse, but not after a shift. */
	const double credit =
		l->fallback_level == DEMAND_FULL && !m->shift.is_on ? WORSE : 1.0;

	if (l->learned < FULL_AFTER) {
		*why = DEMAND_LITTLE_HISTORY;
		return DEMAND_REACTIVE;
	}
	if ((double)l->learned < 2 * per_day) {
		*why = DEMAND_YOUNG;
		return DEMAND_FULL;
	}
	if (loss[DEMAND_FULL] <= credit * loss[simple]) {
		*why = m->shift.is_on ? DEMAND_SHIFT_FOLLOWED : DEMAND_BEST;
		return DEMAND_FULL;
	}
	*why = m->shift.is_on              ? DEMAND_SHIFTED
	       : simple == DEMAND_SEASONAL ? DEMAND_SEASON_IS_BETTER
					   : DEMAND_LATEST_IS_BETTER;
	return simple;
}
