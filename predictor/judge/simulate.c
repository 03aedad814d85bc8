/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulate.h"

#include "check.h"
#include "peers.h"

/* A peer within the bounds of the tier. */
struct bounded_peer {
	struct peer peer;
	const struct past *past;
	fleet_want_fn *want;
	size_t from;
	struct fleet_sim *fleet;
};

/* A fleet_want_fn: as the peer wants it, within what is allowed, and never in where the
 * tier never does. */
static size_t want_within(void *arg, const struct fleet_now *now)
{
	struct bounded_peer *b = arg;
	const struct past *p = b->past;
	const size_t at = b->from + now->i, have = now->running + now->booting;
	const struct policy_settings *s = &p->q->settings;
	size_t n;

	b->peer.capacity = past_capacity(p, at);
	n = b->want(&b->peer, now);
	if (s->mode != DECIDE_AUTO || s->stateful)
		n = MAX(n, have);
	fleet_set_capacity(b->fleet, past_capacity(p, MIN(at + 1, p->from + p->n - 1)));
	return past_within(p, at, n);
}

void simulate_peer(const struct past *p, fleet_want_fn *want, double headroom,
		   size_t from, size_t n, struct fleet_run *ret)
{
	CLEANUP(fleet_sim_free)
	struct fleet_sim *f = fleet_sim_new(&p->terms, n, past_running(p, from));
	struct bounded_peer b = { .peer = { .headroom = headroom,
					    .past = p->y,
					    .n_past = from,
					    .demand = p->y + from,
					    .lead = p->terms.lead,
					    .day = p->day },
				  .past = p,
				  .want = want,
				  .from = from,
				  .fleet = f };

	for (size_t i = 0; i < from; i++)
		b.peer.highest = fmax(b.peer.highest, p->y[i]);
	fleet_set_capacity(f, past_capacity(p, from));
	for (size_t i = 0; i < n; i++)
		fleet_step(f, p->y[from + i], want_within, &b);
	fleet_result(f, ret);
}

/* What of n steps the bounds keep short. */
static double share_kept_short(const struct past *p, size_t from, size_t n)
{
	size_t count = 0;

	for (size_t i = from; i < from + n; i++)
		count += past_is_kept_short(p, i);
	return (double)count / (double)n;
}

double tune_peer(struct past *p, fleet_want_fn *want)
{
	static const double headrooms[] = { 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4,
					    1.5, 1.7,  2.0, 2.5,  3.0, 4.0 };
	const size_t week = 7 * p->day;
	const size_t n = MAX(MIN(week, p->from / 2), (size_t)1), from = p->from - n;
	const double allowed = p->q->settings.risk + share_kept_short(p, from, n);

	for (size_t k = 0; k < ARRAY_SIZE(headrooms); k++) {
		struct fleet_run run;

		simulate_peer(p, want, headrooms[k], from, n, &run);
		free(run.running);
		past_progress(p, (double)n);
		if (run.short_share <= allowed)
			return headrooms[k];
	}
	return headrooms[ARRAY_SIZE(headrooms) - 1];
}

/* A policy with its settings and its fleet. */
struct player {
	const struct past *past;
	const struct demand_model *m;
	struct policy_settings s;
	struct policy policy;
	struct decide_state state;
	struct decide_plan plan;
	struct fleet_sim *fleet;
};

/* What an instance serves is known better from step `at` on. */
static void learn_capacity(struct player *a, size_t at)
{
	const struct policy_settings before = a->s;

	a->s.capacity = past_capacity(a->past, at);
	if (a->s.capacity != before.capacity)
		policy_change(&a->policy, &before, &a->s);
	fleet_set_capacity(a->fleet, a->s.capacity);
}

/* A fleet_want_fn: the policy observes the step, then decides. The model has learned the
 * step, which no policy looks at to observe it. */
static size_t want_of_policy(void *arg, const struct fleet_now *now)
{
	struct player *a = arg;
	const struct past *p = a->past;
	const size_t at = p->from + now->i;
	const struct policy_bounds *before = past_bounds(p, at - 1);
	const bool is_followed = a->s.mode == DECIDE_AUTO;
	struct decide_input in;

	policy_observe(&a->policy, &a->s, before, now->demand,
		       is_followed ? (int64_t)now->running : -1,
		       decide_is_bound(&a->plan));
	if (now->i + 1 < p->n)
		learn_capacity(a, at + 1);
	policy_fleet_input(&a->policy, &a->s, past_bounds(p, at),
			   p->q->t0_ms + (int64_t)(at + 1) * p->q->step_ms, now, &in);
	policy_fill(&a->policy, &a->s, a->m, p->events ? &p->events[now->i] : NULL, &in,
		    NULL);
	decide_silently(&in, &a->state, &a->plan);
	return past_room(p, at, (size_t)a->plan.desired);
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
	const int64_t at_ms = p->q->t0_ms + (int64_t)(p->from + i) * p->q->step_ms;
	const int rc = demand_model_update(m, at_ms, p->plain[p->from + i], err);

	for (size_t k = 0; k < n && rc == 0; k++)
		fleet_step(a[k].fleet, p->y[p->from + i], want_of_policy, &a[k]);
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
	const struct policy_past past = {
		.y = p->plain, .n = p->from, .t0_ms = p->q->t0_ms, .bounds = p->q->bounds
	};
	const size_t leads = demand_model_opts(m)->n_leads;
	CLEANUP(free)
	struct demand_point *points = xcalloc(leads * p->from, sizeof(*points));
	const int rc = demand_model_train(m, p->plain, p->from, p->q->t0_ms, points, err);

	for (size_t k = 0; k < n && rc == 0; k++) {
		policy_find_price(&a[k].policy, &a[k].s, m, points, &past);
		past_progress(p, 5 * (double)MIN(p->from, 14 * p->day));
	}
	return rc;
}

static void player_init(struct player *a, const struct past *p,
			const struct demand_model *m, const struct policy_settings *s)
{
	*a = (struct player){ .past = p, .m = m, .s = *s };
	a->s.capacity = past_capacity(p, p->from);
	policy_init(&a->policy, demand_model_opts(m), &a->s);
	a->fleet = fleet_sim_new(&p->terms, p->n, past_running(p, p->from));
	fleet_set_capacity(a->fleet, a->s.capacity);
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
	demand_model_set_offset(m, (int32_t)(p->q->offset_ms / 1000));
	for (size_t k = 0; k < n; k++)
		player_init(&a[k], p, m, &settings[k]);
	if ((rc = train(p, m, a, n, err)) == 0)
		rc = play(p, m, a, n, predicted, err);
	for (size_t k = 0; k < n; k++) {
		if (rc == 0)
			fleet_result(a[k].fleet, &ret[k]);
		fleet_sim_free(a[k].fleet);
	}
	return rc;
}
