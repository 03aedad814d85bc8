/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_train.c - learning from history, and the price that its replay asks for.
 */
#include "check.h"
#include "fleet.h"
#include "model.h"
#include "price.h"

#include <math.h>
#include <string.h>

/* What was said at one step of the history. */
struct replay {
	float mid, sigma;
};

/* The share of the replayed steps that would have been short at this price. */
static double replay_short(const struct demand_model *m, const struct replay *r,
			   const double *y, size_t n, double log_price)
{
	enum { RING = 2 * (DEMAND_LEAD_MAX + 1) };
	const size_t lead = m->opts.lead_steps, hold = model_hold(m);
	size_t count = 0, need[RING] = { 0 }, held[RING] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct price_view v = { (double)r[i].mid, (double)r[i].sigma,
					      m->opts.capacity };
		size_t run = SIZE_MAX;

		if (i > lead) {
			for (size_t k = 1; k <= lead + 1; k++)
				run = MIN(run, held[(i - k) % RING]);
			count += y[i] > (double)run * m->opts.capacity * (1 + 1e-9);
		}
		need[i % RING] = MAX(price_choose(&m->sketch, &v, exp(log_price), NULL),
				     fleet_need(y[i], m->opts.capacity));
		held[i % RING] = 0;
		for (size_t k = 0; k < MIN(hold, i + 1); k++)
			held[i % RING] = MAX(held[i % RING], need[(i - k) % RING]);
	}
	return (double)count / (double)n;
}

static void calibrate(struct demand_model *m, const struct replay *r, const double *y,
		      size_t n)
{
	/* The model was taught by what it is replayed on, so it looks better than it is;
	 * the more so the fewer runs of short steps the replay can hold. */
	const double runs = m->opts.risk * (double)n / (double)m->window;
	const double aim = model_aim(m) * runs / (runs + REPLAY_DOUBT);
	double lo = 0, hi = 16;

	sketch_solve(&m->sketch);
	for (int k = 0; k < 10; k++) {
		const double mid = 0.5 * (lo + hi);

		if (replay_short(m, r, y, n, mid) > aim)
			lo = mid;
		else
			hi = mid;
	}
	m->log_price = hi;
	model_decide(m);
}

static int history_check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && !(y[i] >= 0 && isfinite(y[i])))
			return err_set(
				err, ERR_INVAL,
				"history: value %zu, %g, is not a number from 0 up", i,
				y[i]);
	return 0;
}

int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct err *err)
{
	const int rc = history_check(y, n, err);

	if (rc != 0)
		return rc;
	if (m->n > 0)
		return err_set(err, ERR_INVAL, "this model has a history already");
	while (n > 0 && isnan(y[0])) {
		y++;
		n--;
		t0_ms += m->opts.step_ms;
	}
	if (n == 0)
		return 0;

	CLEANUP(free) struct replay *r = xcalloc(n, sizeof(*r));
	const size_t week = (size_t)(REPLAY_DAYS * 86400000LL / m->opts.step_ms);
	const size_t tail = MIN(week, n * 2 / 3);

	for (size_t i = 0; i < n; i++) {
		m->last_ms = t0_ms + (int64_t)i * m->opts.step_ms;
		model_step(m, isnan(y[i]) ? model_guess(m) : y[i], isnan(y[i]));

		const struct origin *o = model_newest(m);

		r[i] = (struct replay){ (float)(o->base + o->centre[m->rung]),
					(float)o->sigma[m->rung] };
	}
	if (tail > 60 + m->window)
		calibrate(m, r + n - tail, y + n - tail, tail);
	return 0;
}
