/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate.h"

#include "check.h"
#include "peers.h"

void simulate_peer(const struct past *p, fleet_want_fn *want, double headroom,
		   size_t from, size_t n, struct fleet_run *ret)
{
	struct peer peer = { .headroom = headroom,
			     .capacity = p->settings->capacity,
			     .past = p->y,
			     .n_past = from,
			     .demand = p->y + from,
			     .lead = p->lead,
			     .day = p->day };

	for (size_t i = 0; i < from; i++)
		peer.fixed = MAX(peer.fixed, fleet_need(p->y[i], peer.capacity));
	fleet_simulate(p->y + from, n, past_running(p, from), p->lead, peer.capacity,
		       p->billing, want, &peer, ret);
}

double tune_peer(struct past *p, fleet_want_fn *want)
{
	static const double headrooms[] = { 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4,
					    1.5, 1.7,  2.0, 2.5,  3.0, 4.0 };
	const size_t week = 7 * p->day;
	const size_t n = MAX(MIN(week, p->from / 2), (size_t)1);

	for (size_t k = 0; k < ARRAY_SIZE(headrooms); k++) {
		struct fleet_run run;

		simulate_peer(p, want, headrooms[k], p->from - n, n, &run);
		free(run.running);
		past_progress(p, (double)n);
		if (run.short_share <= p->settings->risk)
			return headrooms[k];
	}
	return headrooms[ARRAY_SIZE(headrooms) - 1];
}

/* A policy with its settings and its fleet. */
struct player {
	const struct policy_settings *s;
	struct policy policy;
	struct decide_state state;
	struct decide_plan plan;
	struct fleet_sim *fleet;
	size_t running, booting;
};

/* The end of step i: the policy decides. */
static void decide_player(struct player *a, const struct past *p, size_t i,
			  const struct demand_model *m)
{
	struct decide_input in;
	const int64_t now_ms = p->t0_ms + (int64_t)(p->from + i + 1) * p->step_ms;

	policy_input(&a->policy, a->s, now_ms, p->y[p->from + i], (int64_t)a->running,
		     (int64_t)a->booting, &in);
	in.ending = fleet_ending(a->fleet);
	policy_fill(&a->policy, a->s, m, p->events ? &p->events[i] : NULL, &in, NULL);
	decide_silently(&in, &a->state, &a->plan);
	fleet_want(a->fleet, (size_t)a->plan.desired);
}

/* Notes the bands of each lead time. */
static int note_bands(const struct demand_model *m, double *ret, struct err *err)
{
	const size_t n = demand_model_opts(m)->n_leads;

	for (size_t k = 0; k < n * DEMAND_BANDS; k++) {
		const int rc = demand_model_quantile(m, k / DEMAND_BANDS,
						     demand_bands[k % DEMAND_BANDS],
						     ret + k, err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int step(const struct past *p, size_t i, struct demand_model *m, struct player *a,
		size_t n, struct err *err)
{
	const double plain = p->plain[p->from + i];
	int rc;

	for (size_t k = 0; k < n; k++) {
		fleet_serve(a[k].fleet, p->y[p->from + i], &a[k].running, &a[k].booting);
		policy_observe(&a[k].policy, a[k].s, p->y[p->from + i],
			       (int64_t)a[k].running, decide_is_bound(&a[k].plan));
	}
	rc = demand_model_update(m, p->t0_ms + (int64_t)(p->from + i) * p->step_ms, plain,
				 err);
	for (size_t k = 0; k < n && rc == 0; k++)
		decide_player(&a[k], p, i, m);
	return rc;
}

/* All steps, with trained policies. */
static int play(struct past *p, struct demand_model *m, struct player *a, size_t n,
		double *predicted, struct err *err)
{
	const size_t bands = demand_model_opts(m)->n_leads * DEMAND_BANDS;
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++) {
		rc = step(p, i, m, a, n, err);
		if (rc == 0 && predicted)
			rc = note_bands(m, predicted + i * bands, err);
		if (i % p->day == 0)
			past_progress(p, (double)(n * p->day));
	}
	return rc;
}

static int train(struct past *p, struct demand_model *m, struct player *a, size_t n,
		 struct err *err)
{
	const size_t leads = demand_model_opts(m)->n_leads;
	CLEANUP(free)
	struct demand_point *points = xcalloc(leads * p->from, sizeof(*points));
	const int rc = demand_model_train(m, p->plain, p->from, p->t0_ms, points, err);

	for (size_t k = 0; k < n && rc == 0; k++) {
		policy_find_price(&a[k].policy, a[k].s, m, points, p->plain, p->from,
				  p->t0_ms);
		past_progress(p, 5 * (double)MIN(p->from, 14 * p->day));
	}
	return rc;
}

int simulate_policies(struct past *p, const struct demand_opts *o,
		      const struct policy_settings *settings, size_t n, double *predicted,
		      struct fleet_run *ret, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *m = NULL;
	CLEANUP(free) struct player *a = xcalloc(n, sizeof(*a));
	int rc = demand_model_new(o, &m, err);

	if (rc != 0)
		return rc;
	for (size_t k = 0; k < n; k++) {
		a[k].s = &settings[k];
		policy_init(&a[k].policy, o, a[k].s);
		a[k].fleet = fleet_sim_new(p->n, past_running(p, p->from), p->lead,
					   a[k].s->capacity, p->billing);
	}
	if ((rc = train(p, m, a, n, err)) == 0)
		rc = play(p, m, a, n, predicted, err);
	for (size_t k = 0; k < n; k++) {
		if (rc == 0)
			fleet_result(a[k].fleet, &ret[k]);
		fleet_sim_free(a[k].fleet);
	}
	return rc;
}
