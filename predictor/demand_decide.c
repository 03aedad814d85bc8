/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_decide.c - from the model to instances, and the price that keeps the promise.
 */
#include "check.h"
#include "fleet.h"
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
	const double risk = model_aim(m);

	if (m->n < m->window)
		return;

	const bool is_short = demand > (double)implied(m) * m->opts.capacity * (1 + 1e-9);
	const double to = m->log_price + STEER_GAIN * ((double)is_short - risk) / risk;

	m->log_price = fmin(fmax(to, 0), 20);
	m->kept += ((double)is_short - m->kept) / fmin((double)m->n, 10080);
}

const char *demand_rung_name(enum demand_rung rung)
{
	static const char *const names[] = { "reactive", "seasonal", "full" };

	return names[rung];
}

static struct price_view view_of(const struct demand_model *m, const struct origin *o)
{
	return (struct price_view){ fmax(o->base + o->centre[m->rung], 0),
				    o->sigma[m->rung], m->opts.capacity };
}

/* Pinball loss of a rung's 95 % quantile. */
static double loss_of(const struct demand_model *m, const struct origin *o, int rung,
		      double target)
{
	const double q =
		o->centre[rung] + o->sigma[rung] * sketch_quantile(&m->sketch, 0.95);

	return target > q ? 0.95 * (target - q) : 0.05 * (q - target);
}

void model_judge(struct demand_model *m, const struct origin *o, double target)
{
	const double per_day = 86400000.0 / (double)m->opts.step_ms;
	const double mean_life =
		fmin((double)m->learned + 1, JUDGE_DAYS * per_day / M_LN2);

	for (int r = DEMAND_REACTIVE; r < DEMAND_RUNGS; r++) {
		m->loss[r] += (loss_of(m, o, r, target) - m->loss[r]) / mean_life;
		m->miss[r] += (fabs(target - o->centre[r]) - m->miss[r]) / mean_life;
	}
}

/* Which rung, and why. A rung that was left is taken again when it is the best. */
static enum demand_rung choose_rung(const struct demand_model *m, const char **why)
{
	const double per_day = 86400000.0 / (double)m->opts.step_ms;
	const bool season = (double)m->learned > 2 * per_day && m->shape.day;
	const enum demand_rung simple =
		season && m->loss[DEMAND_SEASONAL] < m->loss[DEMAND_REACTIVE]
			? DEMAND_SEASONAL
			: DEMAND_REACTIVE;
	const double allowed = m->rung == DEMAND_FULL ? WORSE : 1.0;

	if (m->learned < FULL_AFTER) {
		*why = "too little history: the latest demand and its usual rise";
		return DEMAND_REACTIVE;
	}
	if ((double)m->learned < 2 * per_day) {
		*why = "the model, on less than two days of history";
		return DEMAND_FULL;
	}
	if (m->loss[DEMAND_FULL] <= allowed * m->loss[simple]) {
		*why = "the model beat season and latest demand for two days";
		return DEMAND_FULL;
	}
	*why = simple == DEMAND_SEASONAL
		       ? "the model did worse than yesterday's rise for two days"
		       : "the model did worse than the latest demand for two days";
	return simple;
}

static double demand_at(const struct demand_model *m, const struct price_view *v,
			double level)
{
	return fmax(v->mid + v->sigma * sketch_quantile(&m->sketch, level), 0);
}

void model_decide(struct demand_model *m)
{
	struct origin *o = model_origin(m, 0);
	const size_t hold = MIN(model_hold(m), (size_t)m->n);
	const double price = exp(m->log_price);
	const double now = (double)model_y(m)[m->at];
	const char *why;
	double over;

	m->rung = choose_rung(m, &why);

	const struct price_view v = view_of(m, o);

	o->need = price_choose(&m->sketch, &v, price, &over);
	/* Whatever is predicted, what is asked for now is there. */
	o->need = MAX(o->need, fleet_need(now, m->opts.capacity));
	o->held = 0;
	for (size_t k = 0; k < hold; k++)
		o->held = MAX(o->held, model_origin(m, k)->need);
	m->now = (struct demand_decision){
		.needed = o->need,
		.instances = o->held,
		.median = demand_at(m, &v, 0.5),
		.upper = demand_at(m, &v, 1 - over),
		.level = 1 - over,
		.price = price,
		.kept = m->kept,
		.rung = m->rung,
		.why = why,
	};
}

int demand_model_quantile(const struct demand_model *m, double level, double *ret,
			  struct err *err)
{
	if (!(level > 0 && level < 1))
		return err_set(err, ERR_INVAL, "level: %g is not between 0 and 1", level);
	if (m->n == 0)
		return err_set(err, ERR_NOT_FOUND, DEMAND_NO_SAMPLE);

	const struct price_view v = view_of(m, model_newest(m));

	*ret = demand_at(m, &v, level);
	return 0;
}
