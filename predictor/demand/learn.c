/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "learn.h"

#include "coverage.h"
#include "fallback.h"

#include <math.h>

static void learn_sizes(struct demand_model *m, struct lead *l, const struct origin *o,
			double target, double size)
{
	uint16_t *rise = lead_profile(l) + o->slot;
	float *usual = lead_sizes(l) + o->slot / SIZES_STEPS;
	const double pace = l->learned < m->slots ? 1.0 : PROFILE_PACE;

	l->fast += (size - l->fast) / 8;
	l->mid += (size - l->mid) / 60;
	l->slow += (size - l->slow) / 1440;
	if (!l->shape.day)
		return;
	/* After a closed hour the relative rise means little; a thousandfold
	 * is enough. */
	const double over =
		clamp(target / fmax((double)o->base, model_nothing(m)), -1, 1000);
	const double so_far = (double)bfloat16_value(*rise);

	*rise = bfloat16_of((float)(so_far + pace * (over - so_far)));
	*usual += (float)(pace / SIZES_STEPS * (size - (double)*usual));
}

/* The largest rise over the base within the lead time that ends now. */
static double target_of(struct demand_model *m, const struct lead *l,
			const struct origin *o)
{
	const float *y = model_y(m) + m->at;
	double top = 0;

	for (size_t k = 0; k < l->window; k++)
		top = fmax(top, (double)y[-(ptrdiff_t)k]);
	return top - (double)o->base;
}

void lead_learn(struct demand_model *m, struct lead *l)
{
	if (m->n <= l->window)
		return;

	const struct origin *o = lead_origin(m, l, l->window);

	if (o->filled || m->clean < l->window)
		return;

	const double target = target_of(m, l, o);
	const double error = target - (double)o->centre[DEMAND_FULL], size = fabs(error);
	/* An outlier is large against the usual error and was not so yesterday. */
	const double limit = fmax(HUBER * (double)o->sigma[DEMAND_FULL],
				  2 * fabs((double)o->x[FEAT_DAY]));
	const double unit = log(m->level + TINY);

	fallback_judge(m, l, o, target);
	coverage_note(m, l, o, target);
	ridge_add(lead_mean(l), o->x, target, size > limit ? limit / size : 1);
	ridge_add(lead_spread(l), o->v, log(size + model_nothing(m)) - unit, 1);
	/* One distribution serves all fallback levels: that of the fallback level in
	 * force. */
	histogram_add(&l->histogram, (target - (double)o->centre[l->fallback_level]) /
					     (double)o->sigma[l->fallback_level]);
	l->up += (fmax(error, 0) - l->up) / 120;
	learn_sizes(m, l, o, target, size);
	l->learned++;
}

void lead_solve(struct lead *l)
{
	ridge_solve(lead_mean(l));
	ridge_solve(lead_spread(l));
	histogram_solve(&l->histogram);
	for (int k = 0; k < DEMAND_BANDS; k++)
		l->z[k] = histogram_quantile(&l->histogram, demand_bands[k]);
}
