/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_decide.c - from the model to instances, and the price that keeps the promise.
 */
#include "check.h"
#include "model.h"
#include "price.h"

#include <math.h>

/* The fleet that these decisions alone would have running now: what was let go since the
 * lead time began is gone, what was asked for since is not there yet. */
static size_t implied(struct demand_model *m)
{
	size_t n = SIZE_MAX;

	for (size_t k = 0; k < m->window; k++)
		n = MIN(n, model_origin(m, k)->held);
	return n;
}

void model_steer(struct demand_model *m, double demand)
{
	const double risk = STEER_AIM * m->opts.risk;

	if (m->n < m->window)
		return;

	const bool is_short = demand > (double)implied(m) * m->opts.capacity * (1 + 1e-9);
	const double to = m->log_price + STEER_GAIN * ((double)is_short - risk) / risk;

	m->log_price = fmin(fmax(to, 0), 20);
	m->kept += ((double)is_short - m->kept) / fmin((double)m->n, 10080);
}

static double demand_at(const struct demand_model *m, const struct price_view *v,
			double level)
{
	return fmax(v->mid + v->sigma * sketch_quantile(&m->sketch, level), 0);
}

void model_decide(struct demand_model *m)
{
	struct origin *o = model_origin(m, 0);
	const struct price_view v = { o->base + o->centre, o->sigma, m->opts.capacity };
	const size_t hold = model_hold(m);
	const double price = exp(m->log_price);
	double over;

	o->need = price_choose(&m->sketch, &v, price, &over);
	o->held = 0;
	for (size_t k = 0; k < MIN(hold, (size_t)m->n); k++)
		o->held = MAX(o->held, model_origin(m, k)->need);
	m->now = (struct demand_decision){
		.needed = o->need,
		.instances = o->held,
		.median = demand_at(m, &v, 0.5),
		.upper = demand_at(m, &v, 1 - over),
		.level = 1 - over,
		.price = price,
		.kept = m->kept,
		.rung = DEMAND_FULL,
		.why = "",
	};
}

int demand_model_quantile(const struct demand_model *m, double level, double *ret,
			  struct err *err)
{
	if (!(level > 0 && level < 1))
		return err_set(err, ERR_INVAL, "level: %g is not between 0 and 1", level);
	if (m->n == 0)
		return err_set(err, ERR_NOT_FOUND, "no sample yet");

	const struct origin *o =
		(const struct origin *)(const void *)(m->data + m->origins_at) +
		(m->n - 1) % m->kept_origins;
	const struct price_view v = { o->base + o->centre, o->sigma, m->opts.capacity };

	*ret = demand_at(m, &v, level);
	return 0;
}
