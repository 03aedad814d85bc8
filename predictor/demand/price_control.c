/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "price_control.h"

#include "check.h"
#include "instances.h"
#include "simulation.h"

#include <math.h>

/* The target share of short steps. They come in runs of about a lead time: the longer it
 * is, the later the control reacts. */
static double aim_of(const struct demand_model *m, const struct lead *l)
{
	const double part = fmax(1 - STEER_RUN * (double)l->window, 0.5);

	return fmin(part, STEER_AIM) * m->opts.risk;
}

/* The instances that these decisions alone would have running now: those removed since
 * the lead time began are gone, those requested since do not serve yet. */
static size_t implied(const struct demand_model *m, struct lead *l)
{
	size_t n = SIZE_MAX;

	for (size_t k = 0; k < l->window; k++)
		n = MIN(n, lead_origin(m, l, k)->held);
	return n;
}

void price_steer(struct demand_model *m, struct lead *l, double demand)
{
	const double risk = aim_of(m, l);

	if (m->n < l->window)
		return;

	const bool is_short =
		demand > (double)implied(m, l) * m->opts.capacity * (1 + 1e-9);
	const double to = l->log_price + STEER_GAIN * ((double)is_short - risk) / risk;

	if (m->opts.price == 0)
		l->log_price = fmin(fmax(to, 0), 20);
	l->short_share += ((double)is_short - l->short_share) / fmin((double)m->n, 10080);
}

/* The share of the replayed steps that would have been short at this price. */
static double replay_short(const struct demand_model *m, const struct lead *l,
			   const struct price_step *r, const double *y, size_t n,
			   double log_price)
{
	enum { RING = 2 * (DEMAND_LEAD_MAX + 1) };
	const size_t hold = lead_hold(l);
	size_t count = 0, need[RING] = { 0 }, held[RING] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct instances_view v = { .mid = (double)r[i].mid,
						  .sigma = (double)r[i].sigma,
						  .most = model_most(m),
						  .capacity = m->opts.capacity };
		size_t run = SIZE_MAX;

		if (i >= l->window) {
			for (size_t k = 1; k <= l->window; k++)
				run = MIN(run, held[(i - k) % RING]);
			count += y[i] > (double)run * m->opts.capacity * (1 + 1e-9);
		}
		need[i % RING] =
			MAX(instances_choose(&l->histogram, &v, exp(log_price), NULL),
			    fleet_need(y[i], m->opts.capacity));
		held[i % RING] = 0;
		for (size_t k = 0; k < MIN(hold, i + 1); k++)
			held[i % RING] = MAX(held[i % RING], need[(i - k) % RING]);
	}
	return (double)count / (double)n;
}

void price_calibrate(struct demand_model *m, struct lead *l, const struct price_step *r,
		     const double *y, size_t n)
{
	/* The model was trained on the data that it is replayed on, so it looks better
	 * than it is, the more so the fewer runs of short steps the replay can have. */
	const double runs = m->opts.risk * (double)n / (double)l->window;
	const double aim = aim_of(m, l) * runs / (runs + REPLAY_DOUBT);
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
