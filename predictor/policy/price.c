/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * price.c - the price of a short step, found by playing the rule over the past.
 */
#include "policy.h"

#include "check.h"
#include "cleanup.h"
#include "fill.h"
#include "simulation.h"
#include "steer.h"
#include "tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOG_PRICE_MOST 16.0
#define HALVINGS 9
#define SAME_COST 1.0005 /* decisions that differ by less are alike */
#define CALM_ABOVE 2.0   /* logarithm: how much higher a price keeps a constant fleet */
#define CALM_ACTIONS 1.0 /* a day */

/* A part of the past, and the rule that is played over it. */
struct play {
	const struct policy *p;
	const struct policy_settings *s;
	struct demand_view near, far; /* without mid and sigma */
	const struct demand_point *near_at, *far_at;
	const double *y; /* NaN: none */
	double *demand;  /* the same, 0 for none */
	size_t n;
	int64_t t0_ms;
	double price;
	struct decide_state state;
	struct fleet_sim *fleet;
};

static void view_at(struct demand_view *v, const struct demand_point *at)
{
	v->mid = (double)at->mid;
	v->sigma = (double)at->sigma;
}

/* The end of step i: the rule decides. */
static void decide_step(struct play *l, size_t i, size_t running, size_t booting)
{
	const int64_t now_ms = l->t0_ms + (int64_t)(i + 1) * l->p->step_ms;
	struct decide_input in;
	struct decide_plan plan;

	policy_input(l->p, l->s, now_ms, l->y[i], (int64_t)running, (int64_t)booting,
		     &in);
	in.ending = fleet_ending(l->fleet);
	in.demand_sure =
		policy_sure(l->y[i], i > 0 ? (double)l->near_at[i - 1].sigma : 0);
	view_at(&l->near, &l->near_at[i]);
	view_at(&l->far, &l->far_at[i]);
	fill_views(l->p, l->s, l->price, &l->near, &l->far, &in);
	decide_silently(&in, &l->state, &plan);
	fleet_want(l->fleet, (size_t)plan.desired);
}

/* What is above the operator's maximum is short at any price. */
static double servable(const struct policy_settings *s, double demand)
{
	return s->max < 0 ? demand : fmin(demand, (double)s->max * s->capacity);
}

struct outcome {
	double short_share, instance_steps, actions;
};

static struct outcome play(struct play *l, double log_price)
{
	struct fleet_run run;
	size_t first = 0;

	while (first + 1 < l->n && isnan(l->y[first]))
		first++;
	l->price = exp(log_price);
	memset(&l->state, 0, sizeof(l->state));
	l->fleet = fleet_sim_new(l->n, fleet_need(l->demand[first], l->s->capacity),
				 l->p->lead_steps, l->s->capacity,
				 policy_billing_steps(l->s, l->p->step_ms));
	for (size_t i = 0; i < l->n; i++) {
		size_t running, booting;

		fleet_serve(l->fleet, l->demand[i], &running, &booting);
		decide_step(l, i, running, booting);
	}
	fleet_result(l->fleet, &run);
	fleet_sim_free(TAKE(l->fleet));
	free(run.running);
	return (struct outcome){ run.short_share, run.instance_steps,
				 (double)run.actions };
}

/* The lowest price that meets the aim, and what it comes to. What is short at any price
 * is no reason for the highest. */
static double lowest_price(struct play *l, double aim, struct outcome *ret)
{
	double lo = 0, hi = LOG_PRICE_MOST;

	*ret = play(l, hi);
	aim = fmax(aim, ret->short_share);
	for (int k = 0; k < HALVINGS; k++) {
		const double mid = 0.5 * (lo + hi);
		const struct outcome o = play(l, mid);

		if (o.short_share > aim) {
			lo = mid;
		} else {
			hi = mid;
			*ret = o;
		}
	}
	return hi;
}

/*
 * The lowest price spends the promise; when the demand is constant it does so by turns,
 * with one instance too few now and then. The price is then raised to where the fleet is
 * constant, to the middle of the prices that decide alike.
 */
static double calm_price(struct play *l, double lowest)
{
	const double days = (double)l->n * (double)l->p->step_ms / 86400000.0;
	const struct outcome calm = play(l, lowest + CALM_ABOVE);
	double lo = lowest + CALM_ABOVE, hi = LOG_PRICE_MOST;

	if (calm.actions > CALM_ACTIONS * days)
		return lowest;
	for (int k = 0; k < 5; k++) {
		const double mid = 0.5 * (lo + hi);

		if (play(l, mid).instance_steps <= calm.instance_steps * SAME_COST)
			lo = mid;
		else
			hi = mid;
	}
	return 0.5 * (lowest + lo);
}

void policy_find_price(struct policy *p, const struct policy_settings *s,
		       const struct demand_model *m, const struct demand_point *points,
		       const double *y, size_t n, int64_t t0_ms)
{
	const size_t most = (size_t)(REPLAY_DAYS * INT64_C(86400000) / p->step_ms);
	const size_t tail = MIN(most, n * 2 / 3), from = n - tail;
	/* The model was trained on the data that it is played on, so it looks better
	 * than it is, the more so the fewer runs of short steps there can be. */
	const double runs = s->risk * (double)tail / (double)(p->lead_steps + 1);
	const double aim = policy_aim(p, s) * runs / (runs + REPLAY_DOUBT);
	struct policy_settings as_played = *s;
	struct outcome o;
	struct play l = { .p = p,
			  .s = &as_played,
			  .near_at = points + from,
			  .far_at = points + n + from,
			  .y = y + from,
			  .n = tail,
			  .t0_ms = t0_ms + (int64_t)from * p->step_ms };

	if (s->price > 0 || tail <= 61 + p->lead_steps ||
	    demand_model_view(m, POLICY_NEAR, &l.near, NULL) != 0 ||
	    demand_model_view(m, POLICY_FAR, &l.far, NULL) != 0)
		return;
	as_played.mode = DECIDE_AUTO;
	l.demand = xcalloc(tail, sizeof(*l.demand));
	for (size_t i = 0; i < tail; i++)
		l.demand[i] = isnan(l.y[i]) ? 0 : servable(s, l.y[i]);
	p->log_price = lowest_price(&l, aim, &o);
	p->log_price = calm_price(&l, p->log_price);
	p->short_share = o.short_share;
	for (size_t i = 1; i < tail; i++)
		policy_note_change(p, fabs(l.y[i] - l.y[i - 1]));
	p->steps = tail;
	p->steered = 0;
	free(l.demand);
}

int policy_train(struct policy *p, const struct policy_settings *s,
		 struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		 struct err *err)
{
	CLEANUP(free)
	struct demand_point *points = xcalloc(POLICY_LEADS * (n + 1), sizeof(*points));
	const int rc = demand_model_train(m, y, n, t0_ms, points, err);

	if (rc == 0 && n > 0)
		policy_find_price(p, s, m, points, y, n, t0_ms);
	return rc;
}
