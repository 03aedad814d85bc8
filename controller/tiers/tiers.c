/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tiers.h"

#include "calendar.h"
#include "check.h"
#include "clock.h"
#include "fleet.h"
#include "learned_capacity.h"
#include "log.h"
#include "metrics.h"
#include "model.h"
#include "promise.h"
#include "rule.h"
#include "samples.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#define STALE_TICKS 6             /* a demand older than so many ticks is stale */
#define STALE_MIN_MS 90000        /* and at least this, calendar */
#define DECISION_EVERY_MS 3600000 /* one is recorded, changed or not */
#define SAVE_EVERY_MS 600000      /* models, calendar */
#define MEASURE_MS 200            /* of a round, for events that are over */
#define FIT_MS 100                /* of a round, for capacities */

/* What is remembered of one tier. */
struct tier {
	char *stack, *name;
	char *expression; /* that demand is the parsed form of */
	struct metrics_expr *demand;
	struct tier_model *model;
	struct tier_capacity *capacity;
	struct decide_state state;
	int64_t recorded_ms;         /* of the last recorded decision */
	enum decide_binding binding; /* of it */
	struct tier_events *events;  /* NULL: none */
	uint64_t events_serial;      /* of the catalog's list that they are of */
	json_t *live;
	bool is_used;
};

struct tiers {
	struct db *db;
	struct tier_round round;
	struct tier_capacity_round capacities;
	pthread_mutex_t lock; /* of v and the lives, for tiers_live() */
	struct tier **v;      /* by stack and name */
	size_t n;
	int64_t measure_until_mono_ms; /* of the round */
	size_t next_save;              /* index into v */
	bool is_trial;                 /* nothing of it is kept in the database */
};

/* One tier's decision in the making. */
struct deciding {
	struct fleet *f;
	struct fleet_tier *ft;
	struct tier *t;
	const struct tiers_context *ctx;
	struct decide_input in;
	struct decide_plan plan;
	struct lead lead;
	struct tier_capacity_now capacity;
	struct tier_forecast forecast;
	char silent[160]; /* who ought to report and does not */
	char why[160];    /* of the forecast's fallback level */
};

struct tiers *tiers_new(struct db *db)
{
	struct tiers *t = xcalloc(1, sizeof(*t));

	t->db = db;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

struct tiers *tiers_new_trial(struct db *db)
{
	struct tiers *t = tiers_new(db);

	t->is_trial = true;
	return t;
}

static void tier_free(struct tier *t)
{
	metrics_expr_free(t->demand);
	tier_events_free(t->events);
	tier_model_free(t->model);
	tier_capacity_free(t->capacity);
	json_decref(t->live);
	free(t->expression);
	free(t->stack);
	free(t->name);
	free(t);
}

/* Keeps in the database what at most max tiers learned since it was last kept, those
 * first whose turn is longest ago. */
static int save_models(struct tiers *ts, size_t max, int64_t now_ms, struct err *err)
{
	const size_t most = MIN(max, ts->n);
	CLEANUP(free) struct db_model_state *s = xcalloc(2 * most + 1, sizeof(*s));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < ts->n && n + 1 < 2 * most; i++) {
		struct tier *t = ts->v[ts->next_save++ % ts->n];

		n += tier_model_take_state(t->model, t->stack, t->name, now_ms, &s[n]);
		n += tier_capacity_take_state(t->capacity, t->stack, t->name, now_ms,
					      &s[n]);
	}
	if (n)
		rc = db_model_states_put(ts->db, s, n, err);
	for (size_t i = 0; i < n; i++)
		free(s[i].data);
	return rc;
}

void tiers_free(struct tiers *t)
{
	if (!t)
		return;
	/* Models that are not kept are learned anew at the next start. */
	if (!t->is_trial && save_models(t, SIZE_MAX, clock_now_ms(), NULL) < 0)
		log_warn("models-not-saved");
	for (size_t i = 0; i < t->n; i++)
		tier_free(t->v[i]);
	free(t->v);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static int order(const struct tier *t, const char *stack, const char *name)
{
	int c = strcmp(t->stack, stack);

	return c ? c : strcmp(t->name, name);
}

/* Where a tier is, or would be; true when it is there. The lock is held. */
static bool find(const struct tiers *t, const char *stack, const char *name, size_t *ret)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = order(t->v[mid], stack, name);

		if (c == 0) {
			*ret = mid;
			return true;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return false;
}

static struct tier *get(struct tiers *t, const struct db_tier *of)
{
	struct tier *new;
	size_t at;

	pthread_mutex_lock(&t->lock);
	if (!find(t, of->stack, of->name, &at)) {
		new = xcalloc(1, sizeof(*new));
		new->stack = xstrdup(of->stack);
		new->name = xstrdup(of->name);
		new->model = tier_model_new();
		new->capacity = tier_capacity_new();
		t->v = xrealloc(t->v, (t->n + 1) * sizeof(struct tier *));
		memmove(t->v + at + 1, t->v + at, (t->n - at) * sizeof(struct tier *));
		t->v[at] = new;
		t->n++;
	}
	new = t->v[at];
	pthread_mutex_unlock(&t->lock);
	new->is_used = true;
	return new;
}

static void forget_unused(struct tiers *t)
{
	size_t kept = 0;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i]->is_used) {
			t->v[i]->is_used = false;
			t->v[kept++] = t->v[i];
		} else {
			tier_free(t->v[i]);
		}
	}
	t->n = kept;
	pthread_mutex_unlock(&t->lock);
}

json_t *tiers_live(struct tiers *t, const char *stack, const char *name)
{
	json_t *live = NULL;
	size_t at;

	pthread_mutex_lock(&t->lock);
	if (find(t, stack, name, &at))
		live = json_deep_copy(t->v[at]->live);
	pthread_mutex_unlock(&t->lock);
	return live;
}

/* ---------------------------------------------------------------- measuring */

/*
 * A part of the demand is missing while its source should be there: the rest is too low
 * to scale in on. What was drained or moved away is silent by right.
 */
static void note_silent(void *arg, const char *host, const char *unit, int64_t last_ms)
{
	struct deciding *d = arg;
	const struct fleet_host *h = fleet_host(d->f, host);
	bool placed = !*unit;

	if (*d->silent || !h || h->h.state != DB_HOST_UP)
		return;
	for (size_t i = 0; i < d->f->n_units && !placed; i++) {
		const struct fleet_unit *u = &d->f->units[i];

		placed = strcmp(u->u.name, unit) == 0 && u->host == h &&
			 u->u.goal == DB_GOAL_RUN;
	}
	if (placed)
		snprintf(d->silent, sizeof(d->silent),
			 "no metrics came from %s on host %s for %" PRId64 " s",
			 *unit ? unit : "the agent", host,
			 (d->in.now_ms - last_ms) / 1000);
}

/* The demand now; NaN when there is none, with at_ms then 0. */
static void measure(struct tiers *ts, struct deciding *d, struct db_demand *record)
{
	struct decide_input *in = &d->in;
	struct err err;

	in->demand = NAN;
	if (metrics_expr_follow(d->ft->t.demand, d->ft->t.stack, d->ft->t.name,
				&d->t->expression, &d->t->demand, &err) < 0)
		log_warn("demand-not-understood", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
	if (d->t->demand && metrics_expr_now(ts->db, d->t->demand, in->now_ms,
					     &in->demand, &in->demand_at_ms, &err) < 0)
		log_warn("demand-not-measured", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
	if (d->t->demand)
		metrics_expr_silent(ts->db, d->t->demand, in->now_ms, in->stale_after_ms,
				    note_silent, d);
	if (!in->distrust && *d->silent)
		in->distrust = d->silent;
	*record = (struct db_demand){ d->ft->t.stack, d->ft->t.name, NAN };
	/* what a difference leaves below 0 is no demand to learn from */
	if (in->now_ms - in->demand_at_ms <= in->stale_after_ms && in->demand >= 0)
		record->v = in->demand;
}

/* ---------------------------------------------------------------- the input */

static const struct db_hold *hold_on(const struct fleet *f, const struct db_tier *t)
{
	for (size_t i = 0; i < f->holds.n; i++) {
		const struct db_hold *h = &f->holds.v[i];

		if (strcmp(h->stack, t->stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, t->name) == 0))
			return h;
	}
	return NULL;
}

static void fill_operator(struct deciding *d)
{
	const struct db_tier *t = &d->ft->t;
	const struct db_hold *hold = hold_on(d->f, t);
	struct decide_input *in = &d->in;

	in->stack = t->stack;
	in->tier = t->name;
	in->mode = (enum decide_mode)t->mode;
	in->min = t->min;
	in->max = t->max;
	in->unit = *t->capacity_unit ? t->capacity_unit : "/s";
	in->risk = t->risk_ratio;
	in->price = t->price_ratio;
	in->step_out_max = t->step_out_max;
	in->step_in_max = t->step_in_max;
	in->dwell_ms = t->dwell_ms;
	in->stateful = t->stateful;
	if (hold) {
		in->hold_owner = hold->owner;
		in->hold_reason = hold->reason;
		in->hold_until_ms = hold->expires_ms;
	}
}

/* What is in force takes the declared capacity's place in this round's picture. */
static void fill_capacity(struct tiers *ts, struct deciding *d)
{
	struct decide_input *in = &d->in;
	const bool is_usable = decide_is_fresh(in) && !in->distrust;

	tier_capacity_step(d->t->capacity, &ts->capacities, d->ft,
			   is_usable ? in->demand : NAN, &d->capacity);
	d->ft->t.capacity = in->capacity = d->capacity.value;
	in->capacity_source = d->capacity.source;
	in->capacity_note = *d->capacity.note ? d->capacity.note : NULL;
}

static void fill_bounds(struct deciding *d)
{
	struct decide_input *in = &d->in;
	struct calendar_bounds b = { .floor = -1, .ceiling = -1 };

	if (d->ft->cat)
		calendar_bounds(&d->ft->cat->calendar, d->ft->cat->zone, in->now_ms,
				in->lead_ms, &b);
	in->floor = b.floor;
	in->floor_name = b.floor_name;
	in->ceiling = b.ceiling;
	in->ceiling_name = b.ceiling_name;
	in->budget = -1;
}

static void fill_fleet(struct deciding *d)
{
	struct decide_input *in = &d->in;

	in->running = (int64_t)d->ft->healthy;
	in->starting = (int64_t)(d->ft->running - d->ft->healthy);
	in->desired = d->ft->t.desired;
	in->desired_since_ms = d->ft->t.desired_since_ms;
	in->distrust = d->ctx->distrust;
}

/* Why the forecast is of its fallback level, with times in the stack's clock. */
static const char *describe_fallback(struct deciding *d)
{
	const struct demand_decision *w = &d->forecast.within_lead;
	struct tz_civil c;
	char at[64];

	tz_civil(d->ft->cat ? d->ft->cat->zone : NULL, w->shift_ms, &c);
	snprintf(at, sizeof(at), "%02d:%02d on %04d-%02d-%02d", c.minute / 60,
		 c.minute % 60, c.year, c.month, c.day);
	return demand_why(w, at, d->why, sizeof(d->why));
}

static int list_events(struct tiers *ts, struct deciding *d, struct err *err)
{
	CLEANUP(tier_events_free) struct tier_events *was = TAKE(d->t->events);

	return tier_events_read(ts->db, d->ft->cat->events, d->ft->t.stack, d->ft->t.name,
				was, &d->t->events, err);
}

/* The tier's events, as the catalog has them now; those that are over are measured. */
static int read_events(struct tiers *ts, struct deciding *d, struct err *err)
{
	const struct catalog_tier *cat = d->ft->cat;
	const uint64_t serial = cat && cat->events->n ? cat->events_serial : 0;
	bool is_changed = false, is_behind = false;
	int rc = 0;

	if (serial != d->t->events_serial)
		tier_events_free(TAKE(d->t->events));
	d->t->events_serial = serial;
	if (serial && !d->t->events)
		rc = list_events(ts, d, err);
	if (rc == 0 && d->t->events)
		rc = tier_events_measure(d->t->events, ts->db, d->ft->t.stack,
					 d->ft->t.name, cat->zone, d->in.now_ms,
					 ts->measure_until_mono_ms, &is_changed,
					 &is_behind, err);
	ts->round.is_behind = ts->round.is_behind || is_behind;
	return rc == 0 && is_changed ? list_events(ts, d, err) : rc;
}

/* What a forecast of the next ahead_ms counts with, in words. */
static void name_events(const struct tier_events *e, int64_t now_ms, int64_t ahead_ms,
			const struct uplift *u, struct decide_events *ret)
{
	const char *names[2 * DECIDE_EVENTS_MAX];
	size_t n =
		tier_events_names(e, now_ms, now_ms + ahead_ms, names, ARRAY_SIZE(names));

	*ret = (struct decide_events){ .uplift = u->mid, .learned_from = u->n };
	for (size_t i = 0; i < n; i++) {
		if (!tier_events_knows(e, names[i]))
			ret->unknown = names[i];
		else if (ret->n < DECIDE_EVENTS_MAX)
			ret->names[ret->n++] = names[i];
	}
}

/* The model's answers, which are for demand without events, with those that come. */
static void apply_events(struct deciding *d)
{
	struct decide_input *in = &d->in;
	const struct tier_events *e = d->t->events;
	const struct demand_decision *w = &d->forecast.within_lead;
	/* What begins at the very end of the lead time is wanted then. */
	const int64_t near_ms = in->lead_ms + DB_DEMAND_STEP_MS;
	const int64_t far_ms = near_ms + in->dwell_ms;
	const double level = fmin(w->level, UPLIFT_LEVEL);
	struct uplift near, far;

	if (!e || !e->n)
		return;
	near = tier_events_within(e, in->now_ms, in->now_ms + near_ms);
	far = tier_events_within(e, in->now_ms, in->now_ms + far_ms);
	name_events(e, in->now_ms, near_ms, &near, &in->events);
	name_events(e, in->now_ms, far_ms, &far, &in->events_dwell);
	in->forecast_high =
		uplift_quantile(&near, in->forecast_mid, in->forecast_high, level);
	in->forecast_high_dwell = fmax(
		uplift_quantile(&far, in->forecast_mid, in->forecast_high_dwell, level),
		in->forecast_high);
	in->forecast_mid *= near.mid;
}

static void fill_forecast(struct tiers *ts, struct deciding *d)
{
	static const char *const fallback_levels[] = { [DEMAND_REACTIVE] = "reactive",
						       [DEMAND_SEASONAL] = "seasonal",
						       [DEMAND_FULL] = "full" };
	struct decide_input *in = &d->in;
	const struct demand_decision *w = &d->forecast.within_lead;
	int64_t offset_ms =
		tz_offset_ms(d->ft->cat ? d->ft->cat->zone : NULL, in->now_ms);
	struct err err;

	in->forecast_mid = in->forecast_high = in->forecast_high_dwell = NAN;
	if (d->ft->t.capacity <= 0)
		return;
	if (tier_model_forecast(d->t->model, &ts->round, &d->ft->t, in->lead_ms,
				offset_ms, d->t->events, &d->forecast, &err) < 0) {
		log_warn("forecast-failed", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
		return;
	}
	if (!d->forecast.known)
		return;
	in->forecast_mid = w->median;
	/* What the model would have, in instances, as the demand that they can serve. */
	in->forecast_high = fmin(w->upper, (double)w->needed * in->capacity);
	in->forecast_high_dwell = fmax(d->forecast.upper_dwell, in->forecast_high);
	in->forecast_at_ms = d->forecast.fed_ms;
	in->fallback_level = fallback_levels[w->fallback_level];
	in->fallback_reason = describe_fallback(d);
	apply_events(d);
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
	json_object_set_new(o, "level",
			    d->forecast.known ? json_finite(d->forecast.within_lead.level)
					      : json_null());
	json_object_set_new(o, "achieved",
			    d->forecast.known
				    ? json_finite(d->forecast.within_lead.short_share)
				    : json_null());
	json_object_set_new(o, "promise", promise_json(&d->forecast, &d->ft->t));
	json_object_set_new(o, "healthy", json_integer((json_int_t)d->ft->healthy));
	return o;
}

/* before: the state that the decision began with. */
static int record(struct tiers *ts, struct deciding *d, const struct decide_state *before,
		  struct err *err)
{
	CLEANUP(free) char *text = NULL;
	struct db_tier *t = &d->ft->t;
	const struct decide_plan *p = &d->plan;
	bool changed = p->desired != t->desired;
	bool is_news = changed || d->t->binding != p->binding;

	/* after the last one also when the clock was set back */
	if (!is_news && llabs(d->in.now_ms - d->t->recorded_ms) < DECISION_EVERY_MS)
		return 0;
	d->t->recorded_ms = d->in.now_ms;
	d->t->binding = p->binding;
	text = record_write(&d->in, before);
	if (changed)
		event_add(d->ctx->events, "tier-scaled", DB_LEVEL_INFO,
			  EVENT_ABOUT(.stack = t->stack, .tier = t->name), "%s",
			  p->sentence);
	return db_decision_add(
		ts->db,
		&(struct db_decision){
			.stack = t->stack,
			.tier = t->name,
			.at_ms = d->in.now_ms,
			.from = p->from,
			.to = p->desired,
			.cause = (char *)(uintptr_t)decide_cause_name(p->cause),
			.sentence = (char *)(uintptr_t)p->sentence,
			.explanation_json = t->explanation_json,
			.record = text,
		},
		NULL, err);
}

static int take_over(struct tiers *ts, struct deciding *d,
		     const struct decide_state *before, struct err *err)
{
	struct db_tier *t = &d->ft->t;
	CLEANUP(json_decref) json_t *explanation = decide_explain(&d->in, &d->plan);
	int rc;

	free(t->explanation_json);
	t->explanation_json = json_dumps(explanation, JSON_COMPACT);
	rc = record(ts, d, before, err);
	if (rc < 0)
		return rc;
	if (d->plan.desired != t->desired)
		t->desired_since_ms = d->in.now_ms;
	t->desired = d->plan.desired;
	t->updated_ms = d->in.now_ms;
	pthread_mutex_lock(&ts->lock);
	json_decref(d->t->live);
	d->t->live = live_json(d);
	pthread_mutex_unlock(&ts->lock);
	return 0;
}

/* What was decided and what there was, as series beside the demand. */
static int record_series(struct tiers *ts, const struct deciding *d, size_t n,
			 struct err *err)
{
	CLEANUP(free) struct db_sample_in *in = xcalloc(3 * n, sizeof(*in));
	CLEANUP(free) char **labels = xcalloc(n, sizeof(char *));
	int rc;

	for (size_t i = 0; i < n; i++) {
		const struct fleet_tier *ft = d[i].ft;

		labels[i] =
			xasprintf("stack=\"%s\",tier=\"%s\"", ft->t.stack, ft->t.name);
		in[3 * i] =
			(struct db_sample_in){ "foretide_desired", labels[i], DB_GAUGE,
					       d[i].in.now_ms, (double)ft->t.desired };
		in[3 * i + 1] =
			(struct db_sample_in){ "foretide_healthy", labels[i], DB_GAUGE,
					       d[i].in.now_ms, (double)ft->healthy };
		in[3 * i + 2] =
			(struct db_sample_in){ "foretide_capacity", labels[i], DB_GAUGE,
					       d[i].in.now_ms, d[i].in.capacity };
	}
	rc = db_samples_add(ts->db, in, 3 * n, d[0].in.now_ms, NULL, err);
	for (size_t i = 0; i < n; i++)
		free(labels[i]);
	return rc;
}

/* ---------------------------------------------------------------- all of them */

/* All of the input that is neither measured nor forecast. */
static void fill(struct tiers *ts, struct deciding *d)
{
	d->t = get(ts, &d->ft->t);
	d->in.now_ms = d->f->now_ms;
	d->in.stale_after_ms = MAX(STALE_TICKS * d->ctx->tick_ms, STALE_MIN_MS);
	d->in.lead_ms = d->lead.used_ms;
	d->in.is_lead_prior = d->lead.prior;
	fill_operator(d);
	fill_bounds(d);
	fill_fleet(d);
}

static int prepare(struct tiers *ts, struct deciding *d, struct db_demand *record,
		   struct err *err)
{
	int rc = lead_read(ts->db, &d->ft->t, &d->lead, err);

	if (rc < 0)
		return rc;
	fill(ts, d);
	measure(ts, d, record);
	fill_capacity(ts, d);
	return 0;
}

static int decide_one(struct tiers *ts, struct deciding *d, struct err *err)
{
	const struct decide_state before = d->t->state;
	struct err why;

	if (read_events(ts, d, &why) < 0)
		log_warn("events-not-read", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&why));
	fill_forecast(ts, d);
	decide(&d->in, &d->t->state, &d->plan);
	return take_over(ts, d, &before, err);
}

static int write_tiers(struct tiers *ts, const struct fleet *f, struct err *err)
{
	CLEANUP(free) struct db_tier *rows = xcalloc(f->n_tiers, sizeof(*rows));

	for (size_t i = 0; i < f->n_tiers; i++)
		rows[i] = f->tiers[i].t;
	return db_tiers_decide(ts->db, rows, f->n_tiers, err);
}

/* Each model in SAVE_EVERY_MS, some every tick. */
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
		rc = prepare(ts, &d[n], &demand[n], err);
		if (rc < 0)
			return rc;
		n++;
	}
	if (n == 0)
		return 0;
	rc = db_demand_add(ts->db, demand, n, f->now_ms, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = decide_one(ts, &d[i], err);
	if (rc == 0)
		rc = write_tiers(ts, f, err);
	if (rc == 0)
		rc = record_series(ts, d, n, err);
	if (rc < 0 || ctx->only_new)
		return rc;
	forget_unused(ts);
	return save_models(ts, saves_of(f, ctx), f->now_ms, err);
}

/* As much of read_events() as changes nothing in the database. */
static void list_events_once(struct tiers *ts, struct deciding *d)
{
	const struct event_list *l = d->ft->cat ? d->ft->cat->events : NULL;
	struct err err;

	if (!d->t->events && l && l->n && list_events(ts, d, &err) < 0)
		log_warn("events-not-read", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
}

void tiers_try(struct tiers *ts, struct fleet *f, struct fleet_tier *ft,
	       const struct tiers_moment *m, struct decide_plan *ret)
{
	const struct tiers_context ctx = { .tick_ms = m->tick_ms };
	struct deciding d = { .f = f, .ft = ft, .ctx = &ctx, .lead = m->lead };

	tier_round_begin_trial(&ts->round, ts->db, f->now_ms);
	fill(ts, &d);
	list_events_once(ts, &d);
	d.in.demand = m->demand;
	d.in.demand_at_ms = m->demand_at_ms;
	d.in.capacity = ft->t.capacity;
	fill_forecast(ts, &d);
	decide(&d.in, &d.t->state, ret);
}

bool tiers_want_more(const struct tiers *ts)
{
	return ts->round.is_behind;
}
