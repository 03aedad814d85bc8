/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tiers.h"

#include "check.h"
#include "clock.h"
#include "deciding.h"
#include "log.h"
#include "promise.h"
#include "samples.h"
#include "text.h"

#include <math.h>

#define SAVE_EVERY_MS 600000 /* models, calendar */
#define MEASURE_MS 200       /* per round, for measuring past events */
#define FIT_MS 100           /* per round, for fitting capacities */
#define UTILISATION_MS 1000  /* clock_cpu_ms(), per round, for its expressions */

struct tiers *tiers_new(struct db *db)
{
	struct tiers *t = xcalloc(1, sizeof(*t));

	t->db = db;
	tier_list_init(&t->tiers);
	return t;
}

struct tiers *tiers_new_trial(struct db *db)
{
	struct tiers *t = tiers_new(db);

	t->is_trial = true;
	return t;
}

void tiers_free(struct tiers *t)
{
	if (!t)
		return;
	/* Models that are not saved are retrained at the next start. */
	if (!t->is_trial &&
	    tier_list_save(&t->tiers, t->db, SIZE_MAX, clock_now_ms(), NULL) < 0)
		log_warn("models-not-saved");
	tier_list_done(&t->tiers);
	free(t);
}

/* ---------------------------------------------------------------- the outcome */

static json_t *live_json(const struct deciding *d)
{
	const struct decide_input *in = &d->in;
	json_t *o = json_object();
	json_t *demand =
		json_pack("{s:s, s:o, s:o}", "expression", d->ft->t.demand, "value",
			  json_finite(in->demand), "at", json_time(in->demand_at_ms));

	json_object_set_new(demand, "age_ms",
			    in->demand_at_ms ? json_integer(in->now_ms - in->demand_at_ms)
					     : json_null());
	json_object_set_new(
		demand, "stale",
		json_boolean(in->now_ms - in->demand_at_ms > in->stale_after_ms));
	json_object_set_new(demand, "missing",
			    in->missing ? json_string(in->missing) : json_null());
	json_object_set_new(o, "demand", demand);
	json_object_set_new(o, "capacity", json_finite(in->capacity));
	json_object_set_new(o, "capacity_learned",
			    tier_capacity_json(d->t->capacity, in->now_ms));
	json_object_set_new(o, "lead", lead_json(&d->lead));
	json_object_set_new(o, "events",
			    tier_events_json(d->t->events, in->now_ms,
					     in->now_ms + EVENTS_AHEAD_MS, in->now_ms));
	json_object_set_new(o, "fallback_level",
			    in->fallback_level ? json_string(in->fallback_level)
					       : json_null());
	json_object_set_new(o, "fallback_reason",
			    in->fallback_reason ? json_string(in->fallback_reason)
						: json_null());
	json_object_set_new(o, "follows", decide_follows_json(in));
	json_object_set_new(o, "tried", tier_model_tried_json(d->t->model));
	json_object_set_new(o, "level",
			    d->forecast.known ? json_finite(d->forecast.level)
					      : json_null());
	json_object_set_new(o, "model_short",
			    d->forecast.known ? json_finite(d->forecast.short_share)
					      : json_null());
	json_object_set_new(o, "promise", promise_json(&d->forecast, &d->ft->t));
	json_object_set_new(o, "healthy", json_integer((json_int_t)d->ft->healthy));
	return o;
}

static int take_over(struct tiers *ts, struct deciding *d,
		     const struct decide_state *before, struct err *err)
{
	struct db_tier *t = &d->ft->t;
	CLEANUP(json_decref) json_t *explanation = decide_explain(&d->in, &d->plan);
	int rc;

	free(t->explanation_json);
	t->explanation_json = json_dumps(explanation, JSON_COMPACT);
	rc = deciding_record(ts, d, before, err);
	if (rc < 0)
		return rc;
	if (d->plan.desired != t->desired)
		t->desired_since_ms = d->in.now_ms;
	t->desired = d->plan.desired;
	t->updated_ms = d->in.now_ms;
	d->ft->lacks = d->plan.lacks;
	tier_list_set_live(&ts->tiers, d->t, live_json(d));
	return 0;
}

/* ---------------------------------------------------------------- all of them */

static int prepare(struct tiers *ts, struct deciding *d, struct err *err)
{
	int rc = lead_read(ts->db, &d->ft->t, &d->lead, err);

	if (rc < 0)
		return rc;
	deciding_fill(ts, d);
	return 0;
}

static void measure(struct tiers *ts, struct deciding *d, struct db_demand *record,
		    size_t n)
{
	const size_t first = ts->first_measured;

	deciding_measure(ts, d, record, n);
	metrics_turns_begin(&ts->measure, UTILISATION_MS);
	ts->capacities.measure = &ts->measure;
	for (size_t k = 0; k < n; k++) {
		const size_t i = (first + k) % n, waiting = ts->measure.n_waiting;

		deciding_tell_missing(&d[i]);
		deciding_fill_capacity(ts, &d[i]);
		if (waiting == 0 && ts->measure.n_waiting > 0)
			ts->first_measured = i;
	}
}

static void deciding_decide(struct deciding *d, struct decide_plan *ret)
{
	decide(&d->in, &d->t->state, ret);
	d->t->is_bound = decide_is_bound(ret);
}

/* The events of all tiers, before a tier looks at another one's demand. */
static void read_events(struct tiers *ts, struct deciding *d, size_t n)
{
	struct err why;

	for (size_t i = 0; i < n; i++)
		if (deciding_read_events(ts, &d[i], &why) < 0)
			log_warn("events-not-read", STR("stack", d[i].ft->t.stack),
				 STR("tier", d[i].ft->t.name), ERR(&why));
}

/* All tiers of the fleet, as the others of their stacks see them. */
static struct tier_front *list_fronts(struct tiers *ts, const struct fleet *f)
{
	struct tier_front *fronts = xcalloc(f->n_tiers + 1, sizeof(*fronts));

	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct tier *t = tier_list_get(&ts->tiers, &f->tiers[i].t);

		fronts[i] = (struct tier_front){ t->name, t->events };
	}
	return fronts;
}

static int decide_one(struct tiers *ts, struct deciding *d, struct err *err)
{
	const struct decide_state before = d->t->state;

	deciding_forecast(ts, d);
	deciding_tell_veto(d);
	deciding_decide(d, &d->plan);
	return take_over(ts, d, &before, err);
}

static bool has_waiting(const struct fleet *f)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].u.goal == DB_GOAL_RUN && !f->units[i].host)
			return true;
	return false;
}

/* Also of tiers that are not decided now: a host may be kept for one of their units. */
static void find_room(struct tiers *ts, struct fleet *f, struct deciding *d, size_t n)
{
	CLEANUP(free) size_t *spare = NULL;
	int64_t highest = INT64_MIN;

	if (n == 0 && !has_waiting(f))
		return;
	spare = xcalloc(f->n_tiers, sizeof(*spare));
	for (size_t i = 0; i < n; i++)
		d[i].t->spare = deciding_spare(&d[i]);
	for (size_t i = 0; i < f->n_tiers; i++) {
		spare[i] = tier_list_get(&ts->tiers, &f->tiers[i].t)->spare;
		highest = MAX(highest, f->tiers[i].t.priority);
	}
	place_find_room(f, spare);
	for (size_t i = 0; i < n; i++)
		deciding_fill_room(&d[i], highest);
}

static int write_tiers(struct tiers *ts, const struct fleet *f, struct err *err)
{
	CLEANUP(free) struct db_tier *rows = xcalloc(f->n_tiers, sizeof(*rows));

	for (size_t i = 0; i < f->n_tiers; i++)
		rows[i] = f->tiers[i].t;
	return db_tiers_decide(ts->db, rows, f->n_tiers, err);
}

/* Each model once in SAVE_EVERY_MS, some of them every tick. */
static size_t saves_of(const struct fleet *f, const struct tiers_context *ctx)
{
	return f->n_tiers * (size_t)MIN(ctx->tick_ms, SAVE_EVERY_MS) / SAVE_EVERY_MS + 1;
}

int tiers_decide(struct tiers *ts, struct fleet *f, const struct tiers_context *ctx,
		 struct err *err)
{
	CLEANUP(free) struct deciding *d = xcalloc(f->n_tiers, sizeof(*d));
	CLEANUP(free) struct db_demand *demand = xcalloc(f->n_tiers, sizeof(*demand));
	size_t n = 0;
	int rc = 0;

	tier_round_begin(&ts->round, ts->db, f->now_ms);
	ts->measure_until_mono_ms = clock_mono_ms() + MEASURE_MS;
	ts->capacities = (struct tier_capacity_round){
		.db = ts->db,
		.f = f,
		.events = ctx->events,
		.fit_until_mono_ms = clock_mono_ms() + FIT_MS,
	};
	for (size_t i = 0; i < f->n_tiers; i++) {
		if (ctx->only_new && f->tiers[i].t.desired >= 0)
			continue;
		d[n] = (struct deciding){ .f = f, .ft = &f->tiers[i], .ctx = ctx };
		rc = prepare(ts, &d[n], err);
		if (rc < 0)
			return rc;
		n++;
	}
	measure(ts, d, demand, n);
	find_room(ts, f, d, n);
	if (n == 0)
		return 0;
	rc = db_demand_add(ts->db, demand, n, f->now_ms, err);
	read_events(ts, d, n);
	ts->fronts = list_fronts(ts, f);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = decide_one(ts, &d[i], err);
	free(TAKE(ts->fronts));
	if (rc == 0)
		rc = write_tiers(ts, f, err);
	if (rc == 0)
		rc = deciding_record_series(ts, d, n, err);
	if (rc < 0 || ctx->only_new)
		return rc;
	tier_list_forget_unused(&ts->tiers);
	return tier_list_save(&ts->tiers, ts->db, saves_of(f, ctx), f->now_ms, err);
}

static void list_others_events(struct tiers *ts, struct fleet *f)
{
	for (size_t i = 0; i < f->n_tiers; i++) {
		struct deciding d = { .f = f, .ft = &f->tiers[i] };

		d.t = tier_list_get(&ts->tiers, &d.ft->t);
		deciding_list_events(ts, &d);
	}
}

void tiers_try(struct tiers *ts, struct fleet *f, struct fleet_tier *ft,
	       const struct tiers_moment *m, struct decide_plan *ret)
{
	const struct tiers_context ctx = { .tick_ms = m->tick_ms };
	struct deciding d = { .f = f, .ft = ft, .ctx = &ctx, .lead = m->lead };

	tier_round_begin_trial(&ts->round, ts->db, f->now_ms);
	list_others_events(ts, f);
	deciding_fill(ts, &d);
	deciding_list_events(ts, &d);
	ts->fronts = list_fronts(ts, f);
	d.in.demand = m->demand;
	d.in.demand_at_ms = m->demand_at_ms;
	d.in.ending = m->ending;
	d.in.overdue = m->overdue;
	d.in.budget = m->budget;
	d.in.budget_name = m->budget_name;
	d.evidence = NAN;
	d.in.capacity = ft->t.capacity;
	deciding_forecast(ts, &d);
	free(TAKE(ts->fronts));
	deciding_decide(&d, ret);
}

json_t *tiers_live(struct tiers *t, const char *stack, const char *name)
{
	return tier_list_live(&t->tiers, stack, name);
}

bool tiers_want_more(const struct tiers *ts)
{
	return ts->round.is_behind;
}
