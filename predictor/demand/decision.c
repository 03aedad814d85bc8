/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision.h"

#include "check.h"
#include "fallback.h"
#include "instances.h"
#include "simulation.h"

#include <math.h>

static struct instances_view view_of(const struct demand_model *m, const struct lead *l,
				     const struct origin *o)
{
	const double most = model_most(m);

	return (struct instances_view){
		.mid = fmin(
			fmax((double)o->base + (double)o->centre[l->fallback_level], 0),
			most),
		.sigma = (double)o->sigma[l->fallback_level],
		.most = most,
		.capacity = m->opts.capacity,
	};
}

static double quantile_at(const struct instances_view *v, double z)
{
	return fmin(fmax(v->mid + v->sigma * z, 0), v->most);
}

static double demand_at(const struct lead *l, const struct instances_view *v,
			double level)
{
	return quantile_at(v, histogram_quantile(&l->histogram, level));
}

void lead_decide(struct demand_model *m, struct lead *l)
{
	struct origin *o = lead_origin(m, l, 0);
	const size_t hold = MIN(lead_hold(l), (size_t)m->n);
	const double price = exp(l->log_price);
	const double now = (double)model_y(m)[m->at];
	enum demand_reason why;
	double over;

	l->fallback_level = fallback_choose(m, l, &why);

	const struct instances_view v = view_of(m, l, o);

	o->need = (uint32_t)instances_choose(&l->histogram, &v, price, &over);
	/* Whatever is predicted, the present demand must be served. */
	o->need = MAX(o->need, (uint32_t)fleet_need(now, m->opts.capacity));
	o->held = 0;
	for (size_t k = 0; k < hold; k++)
		o->held = MAX(o->held, lead_origin(m, l, k)->need);
	for (int k = 0; k < DEMAND_BANDS; k++)
		o->predicted[k] = (float)quantile_at(&v, l->z[k]);
	l->now = (struct demand_decision){
		.needed = o->need,
		.instances = o->held,
		.median = demand_at(l, &v, 0.5),
		.upper = demand_at(l, &v, 1 - over),
		.level = 1 - over,
		.price = price,
		.short_share = l->short_share,
		.fallback_level = l->fallback_level,
		.reason = why,
		.shift_ms = m->last_ms - (int64_t)m->shift.since * m->opts.step_ms,
		.shift_ratio = m->shift.ratio,
	};
}

int demand_model_quantile(const struct demand_model *m, size_t lead, double level,
			  double *ret, struct err *err)
{
	CHECK(lead < m->opts.n_leads);
	if (!(level > 0 && level < 1))
		return err_set(err, ERR_INVAL, "level: %g is not between 0 and 1", level);
	if (m->n == 0)
		return err_set(err, ERR_NOT_FOUND, "no sample yet");

	const struct lead *l = model_lead_const(m, lead);
	const struct instances_view v = view_of(m, l, lead_newest(m, l));

	*ret = demand_at(l, &v, level);
	return 0;
}
