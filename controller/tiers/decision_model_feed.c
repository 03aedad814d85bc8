/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decision_model_feed.c - what a tier's model learns from: its recorded demand, divided
 * by what events did to it.
 */
#include "decision_model_state.h"

#include "check.h"
#include "plain_demand.h"

#include <math.h>
#include <string.h>

void tier_model_forget(struct tier_model *t)
{
	demand_model_free(t->model);
	following_done(&t->following);
	t->model = NULL;
	t->fed_ms = t->first_ms = 0;
}

/* Minutes recorded in [from, to), without those missing at the start; n may be 0. */
static int read_history(struct tier_round *r, const struct db_tier *tier,
			int64_t *from_ms, int64_t to_ms, double **ret, size_t *ret_n,
			struct err *err)
{
	size_t n = (size_t)((to_ms - *from_ms) / MODEL_STEP_MS), skip = 0;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	int rc = db_demand_range(r->db, tier->stack, tier->name, *from_ms, y, n, err);

	if (rc < 0)
		return rc;
	while (skip < n && isnan(y[skip]))
		skip++;
	memmove(y, y + skip, (n - skip) * sizeof(*y));
	*from_ms += (int64_t)skip * MODEL_STEP_MS;
	*ret_n = n - skip;
	*ret = TAKE(y);
	return 0;
}

uint64_t tier_model_mark(const struct tier_model *t)
{
	return tier_events_mark(t->events,
				t->fed_ms - (int64_t)HISTORY_MINUTES * MODEL_STEP_MS,
				t->fed_ms);
}

/* The schedules in the past, and the present budget: what a bound keeps short is no
 * reason for a higher price. */
static struct policy_bounds *past_bounds(const struct tier_view *v,
					 const struct policy_settings *s, int64_t from_ms,
					 size_t n)
{
	static const struct calendar none = { 0 };
	struct policy_bounds *ret = xcalloc(n, sizeof(*ret));

	policy_schedule_bounds(v->calendar ? v->calendar : &none, v->zone, from_ms,
			       MODEL_STEP_MS, n, s->lead_ms, ret);
	for (size_t i = 0; i < n; i++)
		ret[i].budget = v->bounds ? v->bounds->budget : -1;
	return ret;
}

/* The price is found with the own forecast: a better one changes little of it, and it is
 * steered. */
static int train(struct tier_model *t, const struct tier_round *r,
		 const struct tier_view *v, const struct policy_settings *s,
		 const struct following_own *own, struct err *err)
{
	CLEANUP(free)
	struct demand_point *points = xcalloc(POLICY_LEADS * own->n, sizeof(*points));
	CLEANUP(following_past_done) struct following_past past = { 0 };
	struct demand_front fronts[FOLLOWING_MAX];
	CLEANUP(free) struct policy_bounds *bounds = NULL;
	struct following *f = &t->following;
	int rc = following_begin(f, r, v, demand_model_opts(t->model), own, err);

	if (rc == 0)
		rc = following_read(f, r, v, own->from_ms, own->n, &past, err);
	for (size_t k = 0; k < f->n; k++)
		fronts[k] = (struct demand_front){ f->v[k].follow, past.y[k] };
	if (rc == 0)
		rc = demand_model_train_behind(t->model, own->y, own->n, own->from_ms,
					       points, fronts, f->n, err);
	if (rc < 0)
		return rc;
	bounds = past_bounds(v, s, own->from_ms, own->n);
	policy_find_price(&t->policy, s, t->model, points,
			  &(struct policy_past){ own->y, own->n, own->from_ms, bounds });
	following_choose(f);
	return 0;
}

int tier_model_learn(struct tier_model *t, struct tier_round *r,
		     const struct tier_view *v, const struct policy_settings *s,
		     struct err *err)
{
	const struct demand_opts opts = policy_model_opts(MODEL_STEP_MS, s->lead_ms);
	int64_t to_ms = model_step_of(r->now_ms);
	const int64_t oldest_ms = to_ms - (int64_t)HISTORY_MINUTES * MODEL_STEP_MS;
	int64_t from_ms, first_ms = 0, last_ms = 0;
	CLEANUP(free) double *y = NULL;
	size_t n;
	int rc;

	tier_model_forget(t);
	t->must_learn = false;
	rc = db_demand_span(r->db, v->tier->stack, v->tier->name, &first_ms, &last_ms,
			    err);
	if (rc < 0 || first_ms == 0)
		return rc;
	from_ms = MIN(to_ms, MAX(oldest_ms, model_step_of(first_ms)));
	rc = read_history(r, v->tier, &from_ms, to_ms, &y, &n, err);
	if (rc < 0 || n == 0) {
		t->barren_ms = rc < 0 ? 0 : to_ms;
		return rc;
	}
	tier_demand_plain(t->events, from_ms, y, n);
	rc = demand_model_new(&opts, &t->model, err);
	if (rc < 0)
		return rc;
	demand_model_set_offset(t->model, (int32_t)(v->offset_ms / 1000));
	policy_init(&t->policy, &opts, s);
	rc = train(t, r, v, s,
		   &(struct following_own){ y, n, from_ms, MAX(first_ms, oldest_ms) },
		   err);
	if (rc < 0)
		return rc;
	t->settings = *s;
	t->first_ms = first_ms;
	t->fed_ms = to_ms;
	t->learned_ms = r->now_ms;
	t->learned_capacity = s->capacity;
	t->events_mark = tier_model_mark(t);
	t->is_dirty = true;
	return 0;
}

/* One minute. measured: with the effect of events; plain: without. */
static int feed_minute(struct tier_model *t, int64_t at_ms, double measured, double plain,
		       const struct tier_view *v, int64_t served, struct err *err)
{
	if (isnan(plain)) {
		demand_model_skip(t->model, at_ms);
		policy_miss(&t->policy);
		return 0;
	}
	policy_observe(&t->policy, &t->settings, v->bounds, measured, served,
		       v->is_bound);
	return demand_model_update(t->model, at_ms, plain, err);
}

int tier_model_feed(struct tier_model *t, struct tier_round *r, const struct tier_view *v,
		    struct err *err)
{
	int64_t to_ms = model_step_of(r->now_ms);
	size_t n = (size_t)((to_ms - t->fed_ms) / MODEL_STEP_MS);
	CLEANUP(following_past_done) struct following_past past = { 0 };
	CLEANUP(free) double *y = NULL;
	CLEANUP(free) double *plain = NULL;
	int rc;

	if (to_ms <= t->fed_ms)
		return 0;
	y = xcalloc(n, sizeof(*y));
	plain = xcalloc(n, sizeof(*plain));
	rc = db_demand_range(r->db, v->tier->stack, v->tier->name, t->fed_ms, y, n, err);
	memcpy(plain, y, n * sizeof(*y));
	tier_demand_plain(t->events, t->fed_ms, plain, n);
	following_refresh(&t->following, v, demand_model_opts(t->model), t->fed_ms);
	if (rc == 0)
		rc = following_read(&t->following, r, v, t->fed_ms, n, &past, err);
	demand_model_set_offset(t->model, (int32_t)(v->offset_ms / 1000));
	/* What served in minutes before the last is not known any more. */
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = feed_minute(t, t->fed_ms + (int64_t)i * MODEL_STEP_MS, y[i],
				 plain[i], v, i + 1 == n ? v->served : -1, err);
		following_step(&t->following, t->model, &past, i);
	}
	if (rc < 0)
		return rc;
	following_choose(&t->following);
	t->fed_ms = to_ms;
	if (!t->must_learn)
		t->events_mark = tier_model_mark(t);
	t->is_dirty = true;
	return 0;
}
