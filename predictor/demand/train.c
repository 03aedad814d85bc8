/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train.c - learning from history, and the price that its replay asks for.
 */
#include "check.h"
#include "instances.h"
#include "model.h"
#include "simulation.h"

#include <math.h>
#include <string.h>

/* What was said at one step of the history. */
struct replay {
	float mid, sigma;
};

/* The share of the replayed steps that would have been short at this price. */
static double replay_short(const struct demand_model *m, const struct lead *l,
			   const struct replay *r, const double *y, size_t n,
			   double log_price)
{
	enum { RING = 2 * (DEMAND_LEAD_MAX + 1) };
	const size_t hold = lead_hold(l);
	size_t count = 0, need[RING] = { 0 }, held[RING] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct price_view v = { .mid = (double)r[i].mid,
					      .sigma = (double)r[i].sigma,
					      .most = model_most(m),
					      .capacity = m->opts.capacity };
		size_t run = SIZE_MAX;

		if (i >= l->window) {
			for (size_t k = 1; k <= l->window; k++)
				run = MIN(run, held[(i - k) % RING]);
			count += y[i] > (double)run * m->opts.capacity * (1 + 1e-9);
		}
		need[i % RING] = MAX(price_choose(&l->sketch, &v, exp(log_price), NULL),
				     fleet_need(y[i], m->opts.capacity));
		held[i % RING] = 0;
		for (size_t k = 0; k < MIN(hold, i + 1); k++)
			held[i % RING] = MAX(held[i % RING], need[(i - k) % RING]);
	}
	return (double)count / (double)n;
}

static void calibrate(struct demand_model *m, struct lead *l, const struct replay *r,
		      const double *y, size_t n)
{
	/* The model was taught by what it is replayed on, so it looks better than it is;
	 * the more so the fewer runs of short steps the replay can hold. */
	const double runs = m->opts.risk * (double)n / (double)l->window;
	const double aim = lead_aim(m, l) * runs / (runs + REPLAY_DOUBT);
	double lo = 0, hi = 16;

	for (int k = 0; k < 10; k++) {
		const double mid = 0.5 * (lo + hi);

		if (replay_short(m, l, r, y, n, mid) > aim)
			lo = mid;
		else
			hi = mid;
	}
	l->log_price = hi;
}

static int history_check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && demand_check(y[i], err) != 0)
			return err_wrap(err, ERR_INVAL, "history: value %zu", i);
	return 0;
}

/* One step of the history; what was said at it, into r [n_leads * n]. */
static void play(struct demand_model *m, double y, struct replay *r, size_t n)
{
	model_step(m, isnan(y) ? model_guess(m) : y, isnan(y));
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		const struct lead *l = model_lead(m, k);
		const struct origin *o = lead_newest(m, l);

		r[k * n] = (struct replay){ o->base + o->centre[l->fallback_level],
					    o->sigma[l->fallback_level] };
	}
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

	CLEANUP(free) struct replay *r = xcalloc(m->opts.n_leads * n, sizeof(*r));
	const size_t week = (size_t)(REPLAY_DAYS * 86400000LL / m->opts.step_ms);
	const size_t tail = MIN(week, n * 2 / 3);

	for (size_t i = 0; i < n; i++) {
		m->last_ms = t0_ms + (int64_t)i * m->opts.step_ms;
		play(m, y[i], r + i, n);
	}
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		struct lead *l = model_lead(m, k);

		lead_solve(l);
		if (m->opts.price == 0 && tail > 60 + l->window)
			calibrate(m, l, r + (k + 1) * n - tail, y + n - tail, tail);
		lead_decide(m, l);
	}
	return 0;
}
