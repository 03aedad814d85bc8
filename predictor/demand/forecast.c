/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecast.h"

#include "check.h"
#include "fallback.h"

#include <math.h>

/* Without a sample for a while, the forecast is in effect for so much longer a time. */
static double spread_unseen(const struct demand_model *m, const struct lead *l)
{
	return sqrt(1 + (double)m->unseen / (double)l->window);
}

static struct demand_view view_of(const struct demand_model *m, const struct lead *l,
				  const struct origin *o, enum demand_fallback level)
{
	const double most = model_most(m);

	return (struct demand_view){
		.mid = fmin(fmax((double)o->base + (double)o->centre[level], 0), most),
		.sigma = (double)o->sigma[level] * spread_unseen(m, l),
		.most = most,
		.z = &l->histogram,
	};
}

void lead_forecast(const struct demand_model *m, struct lead *l, struct origin *newest)
{
	l->fallback_level = fallback_choose(m, l, &l->reason);

	const struct demand_view v = view_of(m, l, newest, l->fallback_level);

	for (int k = 0; k < DEMAND_BANDS; k++)
		newest->predicted[k] =
			(float)fmin(fmax(v.mid + v.sigma * l->z[k], 0), v.most);
}

int demand_model_view(const struct demand_model *m, size_t lead, struct demand_view *ret,
		      struct err *err)
{
	return demand_model_view_at(m, lead, DEMAND_FULL, ret, err);
}

int demand_model_view_at(const struct demand_model *m, size_t lead,
			 enum demand_fallback level, struct demand_view *ret,
			 struct err *err)
{
	CHECK(lead < m->opts.n_leads);
	if (m->n == 0)
		return err_set(err, ERR_NOT_FOUND, "no sample yet");

	const struct lead *l = model_lead_const(m, lead);

	*ret = view_of(m, l, lead_newest(m, l), MIN(level, l->fallback_level));
	return 0;
}

void demand_model_source(const struct demand_model *m, size_t lead,
			 struct demand_source *ret)
{
	CHECK(lead < m->opts.n_leads);

	const struct lead *l = model_lead_const(m, lead);

	*ret = (struct demand_source){
		.fallback_level = l->fallback_level,
		.reason = l->reason,
		.shift_ms = m->last_ms - (int64_t)m->shift.since * m->opts.step_ms,
		.shift_ratio = m->shift.ratio,
	};
}

double demand_model_latest(const struct demand_model *m)
{
	return m->n ? (double)model_y_const(m)[m->at] : NAN;
}

int demand_model_quantile(const struct demand_model *m, size_t lead, double level,
			  double *ret, struct err *err)
{
	struct demand_view v;
	int rc;

	if (!(level > 0 && level < 1))
		return err_set(err, ERR_INVAL, "level: %g is not between 0 and 1", level);
	rc = demand_model_view(m, lead, &v, err);
	if (rc == 0)
		*ret = demand_view_quantile(&v, level);
	return rc;
}
