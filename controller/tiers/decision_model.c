/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision_model_state.h"

#include "check.h"
#include "clock.h"
#include "money.h"
#include "samples.h"

#include <math.h>
#include <string.h>

#define CATCH_UP_MINUTES 1440 /* after a longer gap it is retrained */
#define LEARN_MS 500          /* per round */
#define UNSTEERED_MS 86400000
#define OTHER_SIZE 1.25
#define KNOWN_AFTER_MINUTES 20 /* of demand; before, there is no forecast */

struct tier_model *tier_model_new(void)
{
	return xcalloc(1, sizeof(struct tier_model));
}

void tier_model_free(struct tier_model *t)
{
	if (!t)
		return;
	tier_model_forget(t);
	free(t);
}

void tier_round_begin(struct tier_round *r, struct db *db, int64_t now_ms)
{
	*r = (struct tier_round){
		.db = db,
		.now_ms = now_ms,
		.learn_until_mono_ms = clock_mono_ms() + LEARN_MS,
	};
}

void tier_round_begin_trial(struct tier_round *r, struct db *db, int64_t now_ms)
{
	*r = (struct tier_round){
		.db = db,
		.now_ms = now_ms,
		.learn_until_mono_ms = INT64_MAX,
		.is_trial = true,
	};
}

/* ---------------------------------------------------------------- what it is for */

struct policy_settings tier_policy_settings(const struct db_tier *tier,
					    const struct db_pool *pool, int64_t lead_ms)
{
	const struct paid_terms paid = pool_paid_terms(pool);

	return (struct policy_settings){
		.risk = tier->risk_ratio,
		.price = tier->price_ratio,
		.capacity = tier->capacity,
		.lead_ms = MIN(MAX(lead_ms, INT64_C(1)), POLICY_LEAD_MAX * MODEL_STEP_MS),
		.mode = (enum decide_mode)tier->mode,
		.min = tier->min,
		.max = tier->max,
		.step_out_max = tier->step_out_max,
		.step_in_max = tier->step_in_max,
		.dwell_ms = tier->dwell_ms,
		.action_price = tier->action_price,
		.stateful = tier->stateful,
		.billing_ms = paid.unit,
		.billing_min_ms = paid.least,
	};
}

/* Whether it is for the same lead time, to a step: a learned one wavers about its middle,
 * and each retraining costs. */
static bool is_for(const struct tier_model *t, const struct policy_settings *s)
{
	const int64_t ms = (int64_t)t->policy.lead_steps * MODEL_STEP_MS;

	return s->lead_ms <= ms + MODEL_STEP_MS / 4 &&
	       s->lead_ms > ms - MODEL_STEP_MS - MODEL_STEP_MS / 4;
}

static bool are_same(const struct policy_settings *a, const struct policy_settings *b)
{
	return a->risk == b->risk && a->price == b->price && a->capacity == b->capacity &&
	       a->min == b->min && a->max == b->max &&
	       a->step_out_max == b->step_out_max && a->step_in_max == b->step_in_max &&
	       a->dwell_ms == b->dwell_ms && a->action_price == b->action_price &&
	       a->billing_ms == b->billing_ms && a->billing_min_ms == b->billing_min_ms;
}

/* ---------------------------------------------------------------- being up to date */

static bool has_older_history(const struct tier_model *t, struct tier_round *r,
			      const struct db_tier *tier)
{
	int64_t first_ms = 0, last_ms = 0;

	return db_demand_span(r->db, tier->stack, tier->name, &first_ms, &last_ms,
			      NULL) == 0 &&
	       first_ms && first_ms < t->first_ms;
}

/* The tiers in front have demand that could not be learned from before. */
static bool has_more_in_front(const struct tier_model *t, const struct tier_round *r,
			      const struct tier_view *v)
{
	const int64_t most_ms = (int64_t)HISTORY_MINUTES * MODEL_STEP_MS;

	return following_is_outdated(
		&t->following, r, v,
		MAX(t->first_ms, model_step_of(r->now_ms) - most_ms));
}

/* Also a model fed with times in the future: the clock was set back since. */
static bool is_far_behind(const struct tier_model *t, int64_t now_ms)
{
	return model_step_of(now_ms) - t->fed_ms >
		       (int64_t)CATCH_UP_MINUTES * MODEL_STEP_MS ||
	       t->fed_ms > model_step_of(now_ms) + MODEL_STEP_MS;
}

/* Nothing steered the price for a day. */
static bool is_unsteered(const struct tier_model *t, const struct tier_view *v,
			 int64_t now_ms)
{
	return v->tier->mode != DB_MODE_AUTO && now_ms - t->learned_ms > UNSTEERED_MS;
}

/* The capacity is another than the price was found for, by so much that a price that is
 * worth as much demand is not the right one: found while it was a first guess. */
static bool is_of_other_size(const struct tier_model *t, const struct policy_settings *s)
{
	return fabs(log(s->capacity / t->learned_capacity)) > log(OTHER_SIZE);
}

static bool is_outdated(const struct tier_model *t, struct tier_round *r,
			const struct tier_view *v, const struct policy_settings *s)
{
	return !t->model || !is_for(t, s) || is_far_behind(t, r->now_ms) ||
	       tier_model_mark(t) != t->events_mark || is_unsteered(t, v, r->now_ms) ||
	       is_of_other_size(t, s) ||
	       (model_step_of(r->now_ms) > t->fed_ms &&
		(has_older_history(t, r, v->tier) || has_more_in_front(t, r, v)));
}

/* ---------------------------------------------------------------- asking */

static int refresh(struct tier_model *t, struct tier_round *r, const struct tier_view *v,
		   struct err *err)
{
	struct policy_settings s = tier_policy_settings(v->tier, v->pool, v->lead_ms);

	s.lead_spread = v->lead_spread;
	/* All recorded demand is too old: do not read weeks of it again each tick. */
	if (!t->model && t->barren_ms == model_step_of(r->now_ms))
		return 0;
	if (!t->model && !r->is_trial)
		tier_model_load(t, r, v->tier);
	if (is_outdated(t, r, v, &s))
		t->must_learn = true;
	if (t->must_learn && clock_mono_ms() < r->learn_until_mono_ms)
		return tier_model_learn(t, r, v, &s, err);
	r->is_behind |= t->must_learn;
	if (t->model && is_far_behind(t, r->now_ms))
		tier_model_forget(t);
	if (!t->model)
		return 0;
	if (!are_same(&t->settings, &s))
		policy_change(&t->policy, &t->settings, &s);
	t->settings = s;
	return tier_model_feed(t, r, v, err);
}

/* The first minutes of a service rise from zero: no forecast can be based on them. */
static bool is_known(const struct tier_model *t)
{
	return t->model &&
	       t->fed_ms - t->first_ms >= (int64_t)KNOWN_AFTER_MINUTES * MODEL_STEP_MS;
}

int tier_model_update(struct tier_model *t, struct tier_round *r,
		      const struct tier_view *v, struct tier_forecast *ret,
		      struct err *err)
{
	int rc;

	t->events = v->events;
	rc = refresh(t, r, v, err);
	if (rc < 0) {
		tier_model_forget(t);
		return rc;
	}
	*ret = (struct tier_forecast){ .known = is_known(t), .fed_ms = t->fed_ms };
	if (!ret->known)
		return 0;
	ret->short_share = t->policy.short_share;
	ret->promise.lead_ms = (int64_t)t->policy.lead_steps * MODEL_STEP_MS;
	demand_model_source(t->model, POLICY_NEAR, &ret->source);
	if (!following_coverage(&t->following, ret->promise.coverage))
		demand_model_coverage(t->model, POLICY_NEAR, ret->promise.coverage);
	return 0;
}

json_t *tier_model_tried_json(const struct tier_model *t)
{
	return following_json(&t->following);
}

void tier_model_fill(struct tier_model *t, const struct policy_events *events,
		     struct decide_input *in, struct tier_forecast *f)
{
	struct demand_view views[POLICY_LEADS];
	const bool are_known = policy_views(&t->policy, &t->settings, t->model, views);

	f->is_vetoed = veto_reason(&t->policy.veto, f->source.fallback_level, &f->veto);
	f->allowed = veto_allows(&t->policy.veto, f->source.fallback_level);
	if (are_known && !f->is_vetoed)
		following_views(&t->following, views, &f->follows);
	policy_fill_from(&t->policy, &t->settings, are_known ? views : NULL, events, in,
			 &f->level);
	in->forecast_at_ms = f->fed_ms;
}
