/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "observe.h"

#include "check.h"
#include "lookback.h"

#include <math.h>

static void observe_spread(struct demand_model *m, struct lead *l, struct origin *o)
{
	const double eps = model_nothing(m), unit = log(m->level + TINY);
	const double here = (double)lead_sizes(l)[o->slot / SIZES_STEPS];
	const double base = (double)o->base;
	const double size[SPREAD_N] = {
		[SPREAD_UP] = l->up,
		[SPREAD_FAST] = l->fast,
		[SPREAD_MID] = l->mid,
		[SPREAD_SLOW] = l->slow,
		[SPREAD_DAY] = l->shape.day ? here : 0,
		[SPREAD_BASE] = base,
		[SPREAD_RANGE] =
			(double)o->x[FEAT_MAX10] - fmin((double)o->x[FEAT_MEAN], 0),
		[SPREAD_RISE] = fabs((double)o->x[FEAT_DAY]),
		[SPREAD_MOVE] = fabs((double)o->centre[DEMAND_FULL]),
	};

	o->v[SPREAD_ONE] = 1;
	for (int k = SPREAD_ONE + 1; k < SPREAD_N; k++)
		o->v[k] = (float)(log(size[k] + eps) - unit);
	o->sigma[DEMAND_FULL] =
		(float)clamp(exp(unit + ridge_predict(lead_spread(l), o->v)), eps,
			     10 * (base + m->level) + eps);
}

/* The simple methods: no rise, and yesterday's. */
static void observe_simple(const struct demand_model *m, const struct lead *l,
			   struct origin *o)
{
	const double prior = m->opts.prior_swing * (double)o->base;

	o->centre[DEMAND_REACTIVE] = 0;
	o->centre[DEMAND_SEASONAL] = o->x[FEAT_PROFILE];
	for (int r = DEMAND_REACTIVE; r < DEMAND_FULL; r++) {
		const double usual =
			l->learned < 10 ? fmax(l->error[r], prior) : l->error[r];

		o->sigma[r] = (float)fmax(usual, model_nothing(m));
	}
}

void lead_observe(struct demand_model *m, struct lead *l, bool filled)
{
	const float *y = model_y(m) + m->at;
	struct origin *o = lead_origin(m, l, 0);
	const size_t have = MIN((size_t)m->n, m->past);

	o->slot = (uint32_t)model_slot(m);
	o->filled = filled;
	feat_fill(&l->shape, y, have, model_ago(m, l->shape.day),
		  model_ago(m, l->shape.week),
		  (double)bfloat16_value(lead_profile(l)[o->slot]), o->x);
	o->base = (float)feat_base(y, have);
	/* Never below zero, nor beyond twice the largest demand ever observed. */
	o->centre[DEMAND_FULL] = (float)clamp(ridge_predict(lead_mean(l), o->x),
					      -(double)o->base, 2 * m->top);
	observe_spread(m, l, o);
	observe_simple(m, l, o);
}
