/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision.c - from the model to instances, and the price that keeps the promise.
 */
#include "check.h"
#include "instances.h"
#include "model.h"
#include "simulation.h"

#include <math.h>
#include <string.h>

/* The fleet that these decisions alone would have running now: what was let go since the
 * lead time began is gone, what was asked for since is not there yet. */
static size_t implied(const struct demand_model *m, struct lead *l)
{
	size_t n = SIZE_MAX;

	for (size_t k = 0; k < l->window; k++)
		n = MIN(n, lead_origin(m, l, k)->held);
	return n;
}

void lead_steer(struct demand_model *m, struct lead *l, double demand)
{
	const double risk = lead_aim(m, l);

	if (m->n < l->window)
		return;

	const bool is_short =
		demand > (double)implied(m, l) * m->opts.capacity * (1 + 1e-9);
	const double to = l->log_price + STEER_GAIN * ((double)is_short - risk) / risk;

	if (m->opts.price == 0)
		l->log_price = fmin(fmax(to, 0), 20);
	l->kept += ((double)is_short - l->kept) / fmin((double)m->n, 10080);
}

static struct price_view view_of(const struct demand_model *m, const struct lead *l,
				 const struct origin *o)
{
	const double most = model_most(m);

	return (struct price_view){
		.mid = fmin(
			fmax((double)o->base + (double)o->centre[l->fallback_level], 0),
			most),
		.sigma = (double)o->sigma[l->fallback_level],
		.most = most,
		.capacity = m->opts.capacity,
	};
}

/* Pinball loss of a fallback level's 95 % quantile. */
static double loss_of(const struct lead *l, const struct origin *o, int fallback_level,
		      double target)
{
	const double q =
		(double)o->centre[fallback_level] +
		(double)o->sigma[fallback_level] * sketch_quantile(&l->sketch, 0.95);

	return target > q ? 0.95 * (target - q) : 0.05 * (q - target);
}

/* Whether the target stayed within what each band had said. */
static void judge_bands(struct lead *l, const struct origin *o, double target,
			double life)
{
	const float top = (float)(target + (double)o->base);

	for (int k = 0; k < DEMAND_BANDS; k++)
		l->inside[k] += ((top <= o->said[k]) - l->inside[k]) / life;
}

void demand_model_kept(const struct demand_model *m, size_t lead,
		       double ret[DEMAND_BANDS])
{
	CHECK(lead < m->opts.n_leads);

	const struct lead *l = model_lead_const(m, lead);

	for (int k = 0; k < DEMAND_BANDS; k++) {
		const double misses = (1 - demand_bands[k]) * (double)l->learned;

		ret[k] = misses >= KEPT_AFTER ? l->inside[k] : NAN;
	}
}

static double hour_life(const struct demand_model *m)
{
	return 3600000.0 / (double)m->opts.step_ms / M_LN2;
}

static double judge_life(const struct demand_model *m)
{
	return JUDGE_DAYS * 24 * hour_life(m);
}

void lead_judge(const struct demand_model *m, struct lead *l, const struct origin *o,
		double target)
{
	const double count = (double)l->learned + 1;

	for (int r = DEMAND_REACTIVE; r < DEMAND_FALLBACKS; r++) {
		const double loss = loss_of(l, o, r, target);
		const double miss = fabs(target - (double)o->centre[r]);

		l->loss[r] += (loss - l->loss[r]) / fmin(count, judge_life(m));
		l->miss[r] += (miss - l->miss[r]) / fmin(count, judge_life(m));
	}
	judge_bands(l, o, target, fmin(count, KEPT_DAYS * 24 * hour_life(m)));
}

/* The fallback level, and why. One that was left is taken again when it is the best. */
static enum demand_fallback choose_fallback_level(const struct demand_model *m,
						  const struct lead *l,
						  enum demand_reason *why)
{
	const double per_day = 86400000.0 / (double)m->opts.step_ms;
	const bool season = (double)l->learned > 2 * per_day && l->shape.day;
	const double *loss = l->loss;
	const enum demand_fallback simple =
		season && loss[DEMAND_SEASONAL] < loss[DEMAND_REACTIVE] ? DEMAND_SEASONAL
									: DEMAND_REACTIVE;
	/* The model keeps its place while it is little worse, but not after a shift. */
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

static double quantile_at(const struct price_view *v, double z)
{
	return fmin(fmax(v->mid + v->sigma * z, 0), v->most);
}

static double demand_at(const struct lead *l, const struct price_view *v, double level)
{
	return quantile_at(v, sketch_quantile(&l->sketch, level));
}

void lead_decide(struct demand_model *m, struct lead *l)
{
	struct origin *o = lead_origin(m, l, 0);
	const size_t hold = MIN(lead_hold(l), (size_t)m->n);
	const double price = exp(l->log_price);
	const double now = (double)model_y(m)[m->at];
	enum demand_reason why;
	double over;

	l->fallback_level = choose_fallback_level(m, l, &why);

	const struct price_view v = view_of(m, l, o);

	o->need = (uint32_t)price_choose(&l->sketch, &v, price, &over);
	/* Whatever is predicted, what is asked for now is there. */
	o->need = MAX(o->need, (uint32_t)fleet_need(now, m->opts.capacity));
	o->held = 0;
	for (size_t k = 0; k < hold; k++)
		o->held = MAX(o->held, lead_origin(m, l, k)->need);
	for (int k = 0; k < DEMAND_BANDS; k++)
		o->said[k] = (float)quantile_at(&v, l->z[k]);
	l->now = (struct demand_decision){
		.needed = o->need,
		.instances = o->held,
		.median = demand_at(l, &v, 0.5),
		.upper = demand_at(l, &v, 1 - over),
		.level = 1 - over,
		.price = price,
		.kept = l->kept,
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
	const struct price_view v = view_of(m, l, lead_newest(m, l));

	*ret = demand_at(l, &v, level);
	return 0;
}
