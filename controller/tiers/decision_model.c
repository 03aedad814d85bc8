/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision_model_state.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <string.h>

#define CATCH_UP_MINUTES 1440  /* after a longer gap it is retrained */
#define LEARN_MS 500           /* per round */
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

static size_t steps_of(int64_t ms)
{
	int64_t n = (ms + MODEL_STEP_MS - 1) / MODEL_STEP_MS;

	return (size_t)MIN(MAX(n, 1), DEMAND_LEAD_MAX);
}

static struct demand_opts opts_of(const struct db_tier *tier, int64_t lead_ms)
{
	return (struct demand_opts){
		.step_ms = MODEL_STEP_MS,
		.n_leads = TIER_LEADS,
		.lead_steps = { [TIER_NEAR] = steps_of(lead_ms),
				[TIER_FAR] = steps_of(lead_ms + tier->dwell_ms) },
		.risk = tier->risk_ratio,
		.price = tier->price_ratio,
		.capacity = tier->capacity,
	};
}

/*
 * Whether lead times, risk and price are the same. A changed capacity needs no
 * retraining.
 */
static bool is_for(const struct demand_model *m, const struct demand_opts *o)
{
	const struct demand_opts *of = demand_model_opts(m);

	return of->n_leads == o->n_leads && of->risk == o->risk &&
	       of->price == o->price &&
	       memcmp(of->lead_steps, o->lead_steps, sizeof(o->lead_steps)) == 0;
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

/* Also a model fed with times in the future: the clock was set back since. */
static bool is_far_behind(const struct tier_model *t, int64_t now_ms)
{
	return model_step_of(now_ms) - t->fed_ms >
		       (int64_t)CATCH_UP_MINUTES * MODEL_STEP_MS ||
	       t->fed_ms > model_step_of(now_ms) + MODEL_STEP_MS;
}

/* ---------------------------------------------------------------- asking */

static int refresh(struct tier_model *t, struct tier_round *r, const struct db_tier *tier,
		   int64_t lead_ms, int64_t offset_ms, struct err *err)
{
	const struct demand_opts opts = opts_of(tier, lead_ms);
	int rc = 0;

	/* All recorded demand is too old: do not read weeks of it again each tick. */
	if (!t->model && t->barren_ms == model_step_of(r->now_ms))
		return 0;
	if (!t->model && !r->is_trial)
		tier_model_load(t, r, tier);
	if (!t->model || !is_for(t->model, &opts) || is_far_behind(t, r->now_ms) ||
	    tier_model_mark(t) != t->events_mark ||
	    (model_step_of(r->now_ms) > t->fed_ms && has_older_history(t, r, tier)))
		t->must_learn = true;
	if (t->must_learn && clock_mono_ms() < r->learn_until_mono_ms)
		return tier_model_learn(t, r, tier, &opts, offset_ms, err);
	r->is_behind |= t->must_learn;
	if (t->model && is_far_behind(t, r->now_ms))
		tier_model_forget(t);
	if (!t->model)
		return 0;
	if (demand_model_opts(t->model)->capacity != opts.capacity)
		rc = demand_model_set_capacity(t->model, opts.capacity, err);
	return rc < 0 ? rc : tier_model_feed(t, r, tier, offset_ms, err);
}

/* The first minutes of a service rise from zero: no forecast can be based on them. */
static bool is_known(const struct tier_model *t)
{
	return t->model &&
	       t->fed_ms - t->first_ms >= (int64_t)KNOWN_AFTER_MINUTES * MODEL_STEP_MS;
}

int tier_model_forecast(struct tier_model *t, struct tier_round *r,
			const struct db_tier *tier, int64_t lead_ms, int64_t offset_ms,
			const struct tier_events *events, struct tier_forecast *ret,
			struct err *err)
{
	struct demand_decision far;
	int rc;

	t->events = events;
	rc = refresh(t, r, tier, lead_ms, offset_ms, err);
	if (rc < 0) {
		tier_model_forget(t);
		return rc;
	}
	*ret = (struct tier_forecast){ .known = is_known(t), .fed_ms = t->fed_ms };
	if (!ret->known)
		return 0;
	demand_model_decide(t->model, TIER_NEAR, &ret->within_lead);
	demand_model_decide(t->model, TIER_FAR, &far);
	ret->upper_dwell = far.upper;
	for (size_t k = 0; k < TIER_LEADS; k++) {
		const size_t steps = demand_model_opts(t->model)->lead_steps[k];

		ret->promise[k].lead_ms = (int64_t)steps * MODEL_STEP_MS;
		demand_model_coverage(t->model, k, ret->promise[k].coverage);
	}
	return 0;
}
