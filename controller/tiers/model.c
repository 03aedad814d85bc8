/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define MINUTE_MS DB_DEMAND_STEP_MS
#define HISTORY_MINUTES (28 * 1440)
#define CATCH_UP_MINUTES 1440  /* a longer gap is learned anew */
#define LEARN_MS 500           /* of a round */
#define KNOWN_AFTER_MINUTES 20 /* of demand; before, a forecast is a guess */
#define KIND "demand"

struct tier_model {
	struct demand_model *model;       /* NULL: none yet */
	int64_t first_ms;                 /* of the history that it was learned from */
	int64_t fed_ms;                   /* end of the last minute that it knows */
	const struct tier_events *events; /* of this call: what demand is divided by */
	uint64_t events_mark;             /* of the division that it was fed with */
	int64_t barren_ms; /* the minute in which there was nothing to learn
			      from; 0: none */
	bool is_dirty, must_learn;
};

struct tier_model *tier_model_new(void)
{
	return xcalloc(1, sizeof(struct tier_model));
}

static void forget(struct tier_model *t)
{
	demand_model_free(t->model);
	t->model = NULL;
	t->fed_ms = t->first_ms = 0;
}

void tier_model_free(struct tier_model *t)
{
	if (!t)
		return;
	forget(t);
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

static int64_t minute_of(int64_t ms)
{
	return ms / MINUTE_MS * MINUTE_MS;
}

/* ---------------------------------------------------------------- what it is for */

static size_t steps_of(int64_t ms)
{
	int64_t n = (ms + MINUTE_MS - 1) / MINUTE_MS;

	return (size_t)MIN(MAX(n, 1), DEMAND_LEAD_MAX);
}

static struct demand_opts opts_of(const struct db_tier *tier, int64_t lead_ms)
{
	return (struct demand_opts){
		.step_ms = MINUTE_MS,
		.n_leads = TIER_LEADS,
		.lead_steps = { [TIER_NEAR] = steps_of(lead_ms),
				[TIER_FAR] = steps_of(lead_ms + tier->dwell_ms) },
		.risk = tier->risk_ratio,
		.price = tier->price_ratio,
		.capacity = tier->capacity,
	};
}

/* Of the same lead times, risk and price. Another capacity is taken over as it is. */
static bool is_for(const struct demand_model *m, const struct demand_opts *o)
{
	const struct demand_opts *of = demand_model_opts(m);

	return of->n_leads == o->n_leads && of->risk == o->risk &&
	       of->price == o->price &&
	       memcmp(of->lead_steps, o->lead_steps, sizeof(o->lead_steps)) == 0;
}

/* ---------------------------------------------------------------- learning */

/* Minutes recorded in [from, to), without those missing at the start; n may be 0. */
static int read_history(struct tier_round *r, const struct db_tier *tier,
			int64_t *from_ms, int64_t to_ms, double **ret, size_t *ret_n,
			struct err *err)
{
	size_t n = (size_t)((to_ms - *from_ms) / MINUTE_MS), skip = 0;
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	int rc = db_demand_range(r->db, tier->stack, tier->name, *from_ms, y, n, err);

	if (rc < 0)
		return rc;
	while (skip < n && isnan(y[skip]))
		skip++;
	memmove(y, y + skip, (n - skip) * sizeof(*y));
	*from_ms += (int64_t)skip * MINUTE_MS;
	*ret_n = n - skip;
	*ret = TAKE(y);
	return 0;
}

/* Demand as the model takes it: without what events did; what is no demand (an expression
 * may be below 0) counts as not recorded. */
static void make_plain(const struct tier_model *t, int64_t from_ms, double *y, size_t n)
{
	tier_events_divide(t->events, from_ms, MINUTE_MS, y, n);
	for (size_t i = 0; i < n; i++)
		if (!(y[i] >= 0 && y[i] <= DEMAND_MAX))
			y[i] = NAN;
}

/* A model lives in demand without events. One that was fed with another idea of what past
 * events did, than is held now, has learned them as if they were ordinary days. */
static uint64_t mark(const struct tier_model *t)
{
	return tier_events_mark(
		t->events, t->fed_ms - (int64_t)HISTORY_MINUTES * MINUTE_MS, t->fed_ms);
}

static int learn(struct tier_model *t, struct tier_round *r, const struct db_tier *tier,
		 const struct demand_opts *opts, int64_t offset_ms, struct err *err)
{
	int64_t to_ms = minute_of(r->now_ms);
	int64_t from_ms = to_ms - (int64_t)HISTORY_MINUTES * MINUTE_MS;
	int64_t first_ms = 0, last_ms = 0;
	CLEANUP(free) double *y = NULL;
	size_t n;
	int rc;

	forget(t);
	t->must_learn = false;
	rc = db_demand_span(r->db, tier->stack, tier->name, &first_ms, &last_ms, err);
	if (rc < 0 || first_ms == 0)
		return rc;
	rc = read_history(r, tier, &from_ms, to_ms, &y, &n, err);
	if (rc < 0 || n == 0) {
		t->barren_ms = rc < 0 ? 0 : to_ms;
		return rc;
	}
	make_plain(t, from_ms, y, n);
	rc = demand_model_new(opts, &t->model, err);
	if (rc < 0)
		return rc;
	demand_model_set_offset(t->model, (int32_t)(offset_ms / 1000));
	rc = demand_model_train(t->model, y, n, from_ms, err);
	if (rc < 0)
		return rc;
	t->first_ms = first_ms;
	t->fed_ms = to_ms;
	t->events_mark = mark(t);
	t->is_dirty = true;
	return 0;
}

static int feed(struct tier_model *t, struct tier_round *r, const struct db_tier *tier,
		int64_t offset_ms, struct err *err)
{
	int64_t to_ms = minute_of(r->now_ms);
	size_t n = (size_t)((to_ms - t->fed_ms) / MINUTE_MS);
	CLEANUP(free) double *y = NULL;
	int rc;

	if (to_ms <= t->fed_ms)
		return 0;
	y = xcalloc(n, sizeof(*y));
	rc = db_demand_range(r->db, tier->stack, tier->name, t->fed_ms, y, n, err);
	make_plain(t, t->fed_ms, y, n);
	demand_model_set_offset(t->model, (int32_t)(offset_ms / 1000));
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!isnan(y[i]))
			rc = demand_model_update(
				t->model, t->fed_ms + (int64_t)i * MINUTE_MS, y[i], err);
	if (rc < 0)
		return rc;
	t->fed_ms = to_ms;
	if (!t->must_learn)
		t->events_mark = mark(t);
	t->is_dirty = true;
	return 0;
}

static bool has_older_history(const struct tier_model *t, struct tier_round *r,
			      const struct db_tier *tier)
{
	int64_t first_ms = 0, last_ms = 0;

	return db_demand_span(r->db, tier->stack, tier->name, &first_ms, &last_ms,
			      NULL) == 0 &&
	       first_ms && first_ms < t->first_ms;
}

/* Also one that knows a time to come: it was fed before the clock was set back. */
static bool is_far_behind(const struct tier_model *t, int64_t now_ms)
{
	return minute_of(now_ms) - t->fed_ms > (int64_t)CATCH_UP_MINUTES * MINUTE_MS ||
	       t->fed_ms > minute_of(now_ms) + MINUTE_MS;
}

/* ---------------------------------------------------------------- in the database */

/* The state in the database begins with what it was learned from. The model behind it is
 * aligned as any object may be. */
struct saved {
	_Alignas(max_align_t) int64_t first_ms;
	int64_t fed_ms;
	uint64_t events_mark;
};

/* Whatever is wrong with a saved model, learning anew is the cure. */
static void load(struct tier_model *t, struct tier_round *r, const struct db_tier *tier)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { 0 };
	struct saved head;

	if (db_model_state_get(r->db, tier->stack, tier->name, KIND, &s, NULL) < 0 ||
	    s.len < sizeof(head))
		return;
	memcpy(&head, s.data, sizeof(head));
	if (demand_model_load((const char *)s.data + sizeof(head), s.len - sizeof(head),
			      &t->model, NULL) < 0)
		return;
	t->first_ms = head.first_ms;
	t->fed_ms = head.fed_ms;
	t->events_mark = head.events_mark;
}

bool tier_model_take_state(struct tier_model *t, char *stack, char *tier, int64_t now_ms,
			   struct db_model_state *ret)
{
	const struct saved head = { .first_ms = t->first_ms,
				    .fed_ms = t->fed_ms,
				    .events_mark = t->events_mark };

	if (!t->model || !t->is_dirty)
		return false;

	size_t len = sizeof(head) + demand_model_size(t->model);
	char *data = xcalloc(1, len);

	memcpy(data, &head, sizeof(head));
	demand_model_save(t->model, data + sizeof(head));
	*ret = (struct db_model_state){
		.stack = stack,
		.tier = tier,
		.kind = (char *)(uintptr_t)KIND,
		.data = data,
		.len = len,
		.updated_ms = now_ms,
	};
	t->is_dirty = false;
	return true;
}

/* ---------------------------------------------------------------- asking */

static int refresh(struct tier_model *t, struct tier_round *r, const struct db_tier *tier,
		   int64_t lead_ms, int64_t offset_ms, struct err *err)
{
	const struct demand_opts opts = opts_of(tier, lead_ms);
	int rc = 0;

	/* What was recorded is all too old: weeks are not read again each tick. */
	if (!t->model && t->barren_ms == minute_of(r->now_ms))
		return 0;
	if (!t->model && !r->is_trial)
		load(t, r, tier);
	if (!t->model || !is_for(t->model, &opts) || is_far_behind(t, r->now_ms) ||
	    mark(t) != t->events_mark ||
	    (minute_of(r->now_ms) > t->fed_ms && has_older_history(t, r, tier)))
		t->must_learn = true;
	if (t->must_learn && clock_mono_ms() < r->learn_until_mono_ms)
		return learn(t, r, tier, &opts, offset_ms, err);
	r->is_behind |= t->must_learn;
	if (t->model && is_far_behind(t, r->now_ms))
		forget(t);
	if (!t->model)
		return 0;
	if (demand_model_opts(t->model)->capacity != opts.capacity)
		rc = demand_model_set_capacity(t->model, opts.capacity, err);
	return rc < 0 ? rc : feed(t, r, tier, offset_ms, err);
}

/* The first minutes of a service rise from nothing: what they foretell is no forecast. */
static bool is_known(const struct tier_model *t)
{
	return t->model &&
	       t->fed_ms - t->first_ms >= (int64_t)KNOWN_AFTER_MINUTES * MINUTE_MS;
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
		forget(t);
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

		ret->promise[k].lead_ms = (int64_t)steps * MINUTE_MS;
		demand_model_coverage(t->model, k, ret->promise[k].coverage);
	}
	return 0;
}
