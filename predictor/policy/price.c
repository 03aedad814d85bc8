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
	struct policy_past past;
	double *demand; /* as it can be served, 0 for none */
	double price;
	struct decide_state state;
};

static void view_at(struct demand_view *v, const struct demand_point *at)
{
	v->mid = (double)at->mid;
	v->sigma = (double)at->sigma;
}

static const struct policy_bounds *bounds_at(const struct play *l, size_t i)
{
	return l->past.bounds ? &l->past.bounds[i] : NULL;
}

/* A fleet_want_fn: the rule decides. */
static size_t decide_step(void *arg, const struct fleet_now *now)
{
	struct play *l = arg;
	const size_t i = now->i;
	const double y = l->past.y[i];
	struct decide_input in;
	struct decide_plan plan;

	policy_fleet_input(l->p, l->s, bounds_at(l, i),
			   l->past.t0_ms + (int64_t)(i + 1) * l->p->step_ms, now, &in);
	in.demand = y;
	in.demand_sure = policy_sure(y, i > 0 ? (double)l->near_at[i - 1].sigma : 0);
	view_at(&l->near, &l->near_at[i]);
	view_at(&l->far, &l->far_at[i]);
	fill_views(l->p, l->s, l->price, &l->near, &l->far, &in);
	decide_silently(&in, &l->state, &plan);
	return (size_t)plan.desired;
}

/* What is above the bounds is short at any price. */
static double servable(const struct play *l, size_t i)
{
	int64_t least, most;

	policy_allowed(l->s, bounds_at(l, i), &least, &most);
	return most < 0 ? l->past.y[i]
			: fmin(l->past.y[i], (double)most * l->s->capacity);
}

struct outcome {
	double short_share, instance_steps, actions;
};

static struct outcome play(struct play *l, double log_price)
{
	const struct fleet_terms terms = {
		.capacity = l->s->capacity,
		.lead = l->p->lead_steps,
		.paid = policy_paid_terms(l->s, l->p->step_ms),
	};
	struct fleet_run run;
	size_t first = 0;

	while (first + 1 < l->past.n && isnan(l->past.y[first]))
		first++;
	l->price = exp(log_price);
	memset(&l->state, 0, sizeof(l->state));
	fleet_simulate(&terms, l->demand, l->past.n,
		       fleet_need(l->demand[first], l->s->capacity), decide_step, l,
		       &run);
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
	const double days = (double)l->past.n * (double)l->p->step_ms / 86400000.0;
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

/* Its last n steps. */
static struct policy_past tail_of(const struct policy_past *past, size_t n,
				  int64_t step_ms)
{
	const size_t from = past->n - n;

	return (struct policy_past){
		.y = past->y + from,
		.n = n,
		.t0_ms = past->t0_ms + (int64_t)from * step_ms,
		.bounds = past->bounds ? past->bounds + from : NULL,
	};
}

void policy_find_price(struct policy *p, const struct policy_settings *s,
		       const struct demand_model *m, const struct demand_point *points,
		       const struct policy_past *past)
{
	const size_t most = (size_t)(REPLAY_DAYS * INT64_C(86400000) / p->step_ms);
	const size_t tail = MIN(most, past->n * 2 / 3), from = past->n - tail;
	/* The model was trained on the data that it is played on, so it looks better
	 * than it is, the more so the fewer runs of short steps there can be. */
	const double runs = s->risk * (double)tail / (double)(p->lead_steps + 1);
	const double aim = policy_aim(p, s) * runs / (runs + REPLAY_DOUBT);
	struct policy_settings as_played = *s;
	struct outcome o;
	struct play l = { .p = p,
			  .s = &as_played,
			  .near_at = points + from,
			  .far_at = points + past->n + from,
			  .past = tail_of(past, tail, p->step_ms) };

	if (s->price > 0 || tail <= 61 + p->lead_steps ||
	    demand_model_view(m, POLICY_NEAR, &l.near, NULL) != 0 ||
	    demand_model_view(m, POLICY_FAR, &l.far, NULL) != 0)
		return;
	as_played.mode = DECIDE_AUTO;
	as_played.stateful = false;
	l.demand = xcalloc(tail, sizeof(*l.demand));
	for (size_t i = 0; i < tail; i++)
		l.demand[i] = isnan(l.past.y[i]) ? 0 : servable(&l, i);
	p->log_price = lowest_price(&l, aim, &o);
	p->log_price = calm_price(&l, p->log_price);
	p->short_share = o.short_share;
	for (size_t i = 1; i < tail; i++)
		policy_note_change(p, fabs(l.past.y[i] - l.past.y[i - 1]));
	p->steps = tail;
	p->steered = 0;
	free(l.demand);
}

int policy_train(struct policy *p, const struct policy_settings *s,
		 struct demand_model *m, const struct policy_past *past, struct err *err)
{
	CLEANUP(free)
	struct demand_point *points =
		xcalloc(POLICY_LEADS * (past->n + 1), sizeof(*points));
	const int rc = demand_model_train(m, past->y, past->n, past->t0_ms, points, err);

	if (rc == 0 && past->n > 0)
		policy_find_price(p, s, m, points, past);
	return rc;
}
