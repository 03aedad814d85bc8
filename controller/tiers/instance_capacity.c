/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "capacity_state.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "log.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS 60000
#define SETTLED_MS 120000
#define FIT_EVERY_MINUTES 10
#define FIT_SOON_MINUTES 5 /* while it is unknown */
#define LATE 3             /* times overdue: fitted in any round */
#define MOVE_LEAST 0.1
#define CONTRADICTION 1.25
#define KIND "capacity/1"

struct tier_capacity *tier_capacity_new(void)
{
	return xcalloc(1, sizeof(struct tier_capacity));
}

void tier_capacity_free(struct tier_capacity *t)
{
	if (!t)
		return;
	capacity_free(t->c);
	utilisation_done(&t->measure);
	free(t);
}

/* ---------------------------------------------------------------- in the database */

/* Hashes texts one after another, each with its NUL. */
static uint64_t mix(uint64_t h, const char *text)
{
	return fnv(h, text, strlen(text) + 1);
}

/* With a different demand or measurement the capacity is a different one. */
static uint64_t origin_of(const struct db_tier *t)
{
	return mix(mix(mix(FNV_START, t->demand), t->utilisation), t->latency);
}

/* Spreads the tiers' minutes over the ticks. */
static int64_t minute_of(const struct db_tier *t, int64_t now_ms)
{
	return (now_ms + (int64_t)(mix(mix(FNV_START, t->stack), t->name) % MINUTE_MS)) /
	       MINUTE_MS;
}

static void restart(struct tier_capacity *t, const struct db_tier *tier)
{
	capacity_free(t->c);
	t->c = NULL;
	t->kept = (struct tier_capacity_kept){ .origin = origin_of(tier) };
}

/* An unusable saved state is simply learned again. */
static void load(struct tier_capacity *t, struct db *db, const struct db_tier *tier,
		 int64_t minute)
{
	CLEANUP(db_model_state_done) struct db_model_state s = { 0 };
	struct tier_capacity_kept kept;

	if (db_model_state_get(db, tier->stack, tier->name, KIND, &s, NULL) < 0 ||
	    s.len < sizeof(kept))
		return;
	memcpy(&kept, s.data, sizeof(kept));
	if (kept.origin != origin_of(tier) ||
	    capacity_load((const char *)s.data + sizeof(kept), s.len - sizeof(kept),
			  tier->target_utilisation, &t->c, NULL) < 0)
		return;
	t->kept = kept;
	/* After a long downtime all are due, but none is overdue. */
	t->kept.fitted = MAX(kept.fitted, minute - FIT_EVERY_MINUTES);
}

bool tier_capacity_take_state(struct tier_capacity *t, char *stack, char *tier,
			      int64_t now_ms, struct db_model_state *ret)
{
	size_t len = sizeof(t->kept) + capacity_size();
	char *data;

	if (!t->c || !t->is_dirty)
		return false;
	data = xcalloc(1, len);
	memcpy(data, &t->kept, sizeof(t->kept));
	capacity_save(t->c, data + sizeof(t->kept));
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

/* ---------------------------------------------------------------- a minute */

/* NULL: the minute is used; else why not, "" for a temporary reason. */
static const char *unfit(struct tier_capacity *t, const struct fleet_tier *ft,
			 int64_t now_ms, double demand)
{
	/* since a time in the future: the clock was set back */
	if (ft->running != t->n || t->n_since_ms > now_ms) {
		t->n = ft->running;
		t->n_since_ms = now_ms;
	}
	if (isnan(demand))
		return "its demand is not measured";
	if (t->n == 0)
		return "none of its instances is running";
	if (ft->healthy != ft->running || ft->draining ||
	    now_ms - t->n_since_ms < SETTLED_MS)
		return "";
	return NULL;
}

static int observe_minute(struct tier_capacity *t, const struct tier_capacity_round *r,
			  const struct fleet_tier *ft, double demand, struct err *err)
{
	struct utilisation_now now;
	struct capacity_seen seen;
	bool is_changed = false;
	int rc = 0;

	utilisation_now(&t->measure, r->db, r->f, ft, r->measure, &now);
	if (isnan(now.ratio) && isnan(now.latency_s)) {
		snprintf(t->unmeasured_reason, sizeof(t->unmeasured_reason), "%s",
			 now.why);
		return 0;
	}
	t->unmeasured_reason[0] = '\0';
	if (!t->c)
		rc = capacity_new(ft->t.target_utilisation, &t->c, err);
	if (rc < 0)
		return rc;
	seen = (struct capacity_seen){
		.minute = r->f->now_ms / MINUTE_MS,
		.demand = demand / (double)t->n,
		.utilisation = now.ratio,
		.latency_s = now.latency_s,
		.instances = t->n,
	};
	rc = capacity_see(t->c, &seen, &is_changed, &t->kept.change, err);
	if (rc < 0)
		return rc;
	t->is_dirty = true;
	if (is_changed) {
		t->kept.learned = (struct capacity_known){ .model = CAPACITY_NOT_KNOWN };
		t->kept.fitted = 0;
		tier_capacity_report_change(t, r, ft);
	}
	return 0;
}

static bool is_fit_due(const struct tier_capacity *t, const struct tier_capacity_round *r)
{
	const bool is_known = capacity_known(t->c)->model != CAPACITY_NOT_KNOWN;
	const int64_t every = is_known ? FIT_EVERY_MINUTES : FIT_SOON_MINUTES;
	const int64_t age = t->minute - t->kept.fitted;

	/* fitted in the future: the clock was set back */
	if (age >= 0 && age < every && t->n == t->kept.fitted_n)
		return false;
	/* No tier is starved by those before it. */
	return age >= LATE * every || clock_mono_ms() < r->fit_until_mono_ms;
}

static void learn(struct tier_capacity *t)
{
	const struct capacity_known *k = capacity_known(t->c);

	capacity_fit(t->c, t->n);
	t->kept.fitted = t->minute;
	t->kept.fitted_n = t->n;
	t->is_dirty = true;
	if (k->model != CAPACITY_NOT_KNOWN)
		t->kept.learned = *k;
}

static void take_minute(struct tier_capacity *t, const struct tier_capacity_round *r,
			const struct fleet_tier *ft, double demand)
{
	const char *why = unfit(t, ft, r->f->now_ms, demand);
	struct err err;

	if (minute_of(&ft->t, r->f->now_ms) == t->minute)
		return;
	t->minute = minute_of(&ft->t, r->f->now_ms);
	if (why && *why)
		snprintf(t->unmeasured_reason, sizeof(t->unmeasured_reason), "%s", why);
	if (!why && observe_minute(t, r, ft, demand, &err) < 0)
		log_warn("capacity-not-learned", STR("stack", ft->t.stack),
			 STR("tier", ft->t.name), ERR(&err));
}

/* ---------------------------------------------------------------- what is in force */

static void put_in_force(struct tier_capacity *t, enum tier_capacity_source source,
			 double value, double most)
{
	struct tier_capacity_kept *k = &t->kept;

	if (k->source == source && k->in_force > 0 && k->in_force <= most &&
	    fabs(value / k->in_force - 1) <= MOVE_LEAST)
		return;
	k->source = source;
	k->in_force = value;
	t->is_dirty = true;
}

static void choose(struct tier_capacity *t, const struct db_tier *tier)
{
	const struct capacity_known *l = &t->kept.learned;
	const double cautious = t->c ? capacity_known(t->c)->cautious : NAN;

	if (tier->capacity > 0) {
		t->kept.source = CAPACITY_DECLARED;
		t->kept.in_force = tier->capacity;
	} else if (l->model != CAPACITY_NOT_KNOWN) {
		put_in_force(t, CAPACITY_LEARNED, l->low, l->value);
	} else if (cautious > 0) {
		put_in_force(t, CAPACITY_CAUTIOUS, cautious, INFINITY);
	} else {
		t->kept.source = CAPACITY_NONE;
		t->kept.in_force = 0;
	}
}

/* Reported once, and again after it was right in between. */
static void compare(struct tier_capacity *t, const struct tier_capacity_round *r,
		    const struct fleet_tier *ft)
{
	const struct capacity_known *l = &t->kept.learned;
	const double declared = ft->t.capacity;
	const bool contradicts =
		declared > 0 && l->model != CAPACITY_NOT_KNOWN &&
		(declared > l->high * CONTRADICTION || declared < l->low / CONTRADICTION);

	if (contradicts && !t->kept.contradicts)
		tier_capacity_report_contradiction(t, r, ft);
	t->is_dirty |= contradicts != t->kept.contradicts;
	t->kept.contradicts = contradicts;
}

void tier_capacity_step(struct tier_capacity *t, const struct tier_capacity_round *r,
			const struct fleet_tier *ft, double demand,
			struct tier_capacity_now *ret)
{
	if (!t->is_loaded) {
		restart(t, &ft->t);
		load(t, r->db, &ft->t, minute_of(&ft->t, r->f->now_ms));
		t->is_loaded = true;
	}
	if (t->kept.origin != origin_of(&ft->t) ||
	    (t->c && capacity_target(t->c) != ft->t.target_utilisation))
		restart(t, &ft->t);
	take_minute(t, r, ft, demand);
	if (t->c && t->n && is_fit_due(t, r))
		learn(t);
	choose(t, &ft->t);
	compare(t, r, ft);
	tier_capacity_describe(t, ft, r->f->now_ms, ret);
}
