/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roll_out_state.h"

#include "check.h"

#include <string.h>

/* ---------------------------------------------------------------- the object */

struct roll_outs *roll_outs_new(void)
{
	struct roll_outs *r = xcalloc(1, sizeof(*r));

	r->killers = killers_new();
	return r;
}

static void watch_done(struct watch *w)
{
	response_count_free(w->count);
	free(w->stack);
	free(w->tier);
	free(w->hash);
}

void roll_outs_free(struct roll_outs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_watches; i++)
		watch_done(&r->watches[i]);
	free(r->watches);
	killers_free(r->killers);
	words_done(&r->not_back);
	free(r);
}

static void watch_init(struct watch *w, const struct fleet_tier *t)
{
	*w = (struct watch){
		.stack = xstrdup(t->t.stack),
		.tier = xstrdup(t->t.name),
		.hash = xstrdup(t->roll.hash),
		.since_ms = t->roll.since_ms,
		.count = response_count_new(t->t.stack, t->t.name),
	};
}

struct watch *watch_of(struct roll_outs *r, const struct fleet_tier *t)
{
	struct watch *w = NULL;

	for (size_t i = 0; i < r->n_watches && !w; i++)
		if (strcmp(r->watches[i].stack, t->t.stack) == 0 &&
		    strcmp(r->watches[i].tier, t->t.name) == 0)
			w = &r->watches[i];
	if (!w) {
		r->watches = xrealloc(r->watches, (r->n_watches + 1) * sizeof(*w));
		w = &r->watches[r->n_watches++];
		watch_init(w, t);
	} else if (strcmp(w->hash, t->roll.hash) != 0 ||
		   w->since_ms != t->roll.since_ms) {
		watch_done(w);
		watch_init(w, t);
	}
	w->is_seen = true;
	return w;
}

void watches_forget(struct roll_outs *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n_watches; i++) {
		if (r->watches[i].is_seen) {
			r->watches[kept] = r->watches[i];
			r->watches[kept++].is_seen = false;
		} else {
			watch_done(&r->watches[i]);
		}
	}
	r->n_watches = kept;
}

/* ---------------------------------------------------------------- one tier */

static void set_text(char **member, const char *value)
{
	free(*member);
	*member = xstrdup(value);
}

int64_t roll_out_version(const struct fleet *f, const char *stack)
{
	for (size_t i = 0; i < f->stacks.n; i++)
		if (strcmp(f->stacks.v[i].name, stack) == 0)
			return f->stacks.v[i].version;
	return 0;
}

static void begin(const struct fleet *f, struct fleet_tier *t, const char *good)
{
	struct db_roll_out *r = &t->roll;

	set_text(&r->good, good);
	set_text(&r->hash, t->cat->unit->hash);
	set_text(&r->unit, "");
	set_text(&r->host, "");
	set_text(&r->why, "");
	r->state = DB_ROLL_OUT_RUNNING;
	r->version = roll_out_version(f, t->t.stack);
	r->since_ms = f->now_ms;
}

/* The text that instances run beside the tier's; "": none do. */
static const char *other_text(const struct fleet *f, const struct fleet_tier *t)
{
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		if (roll_out_counts(&f->units[i]) && !roll_out_has_new(&f->units[i]))
			return f->units[i].u.hash;
	return "";
}

/* All had the text before, or, as the first of all texts, one that serves has it. */
static bool was_good(const struct fleet *f, const struct fleet_tier *t)
{
	if (t->roll.state == DB_ROLL_OUT_DONE)
		return true;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++)
		if (f->units[i].healthy && strcmp(f->units[i].u.hash, t->roll.hash) == 0)
			return !*t->roll.good;
	return false;
}

/* It was applied again after it had stopped: what failed is started anew. */
static bool try_again(struct fleet *f, struct fleet_tier *t)
{
	if (t->roll.state != DB_ROLL_OUT_RUNNING || t->roll.since_ms)
		return false;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		u->restart |= roll_out_counts(u) && roll_out_has_new(u) &&
			      (u->failing || u->sick);
	}
	t->roll.since_ms = f->now_ms;
	return true;
}

/* Its text has changed, or it is seen for the first time; true when so. */
static bool follow(struct fleet *f, struct fleet_tier *t)
{
	struct db_roll_out *r = &t->roll;
	CLEANUP(free) char *good = NULL;

	if (!r->stack) {
		r->stack = xstrdup(t->t.stack);
		r->tier = xstrdup(t->t.name);
		begin(f, t, other_text(f, t));
		return true;
	}
	if (strcmp(r->hash, t->cat->unit->hash) == 0)
		return try_again(f, t);
	good = xstrdup(was_good(f, t) ? r->hash : r->good);
	begin(f, t, good);
	return true;
}

/* A text that was good comes back: it is in no doubt, and the others are. */
static bool goes_back(const struct db_roll_out *r)
{
	return strcmp(r->good, r->hash) == 0;
}

static bool is_done(const struct fleet *f, const struct fleet_tier *t,
		    const struct watch *w)
{
	size_t n = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (!roll_out_counts(u))
			continue;
		if (!roll_out_has_new(u) || !u->healthy || u->unsteady)
			return false;
		n++;
	}
	return n > 0 && (w->is_over || !*t->roll.good || goes_back(&t->roll));
}

static void end(const struct fleet *f, struct fleet_tier *t, const struct events *events)
{
	struct db_roll_out *r = &t->roll;

	if (*r->good && !goes_back(r))
		event_add(events, "rollout-done", DB_LEVEL_INFO,
			  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
			  "all instances of %s/%s have the text of version %lld",
			  t->t.stack, t->t.name, (long long)r->version);
	set_text(&r->good, r->hash);
	r->state = DB_ROLL_OUT_DONE;
	r->since_ms = f->now_ms;
}

static void stop(const struct fleet *f, struct fleet_tier *t, const struct fleet_unit *u,
		 const char *why, const struct events *events)
{
	struct db_roll_out *r = &t->roll;

	r->state = DB_ROLL_OUT_STOPPED;
	r->since_ms = f->now_ms;
	set_text(&r->unit, u->u.name);
	set_text(&r->host, u->u.host);
	set_text(&r->why, why);
	event_add(events, "rollout-stopped", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name, .host = u->u.host,
			      .unit = u->u.name),
		  "the roll-out of version %lld to %s/%s stops: unit %s on host %s %s",
		  (long long)r->version, t->t.stack, t->t.name, u->u.name, u->u.host,
		  why);
}

/* Whether there are instances with the old text beside ones with the new one. */
static bool is_mixed(const struct fleet *f, const struct fleet_tier *t)
{
	size_t n_new = 0, n_old = 0;

	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &f->units[i];

		if (!roll_out_counts(u))
			continue;
		n_new += roll_out_has_new(u);
		n_old += !roll_out_has_new(u);
	}
	return n_new > 0 && n_old > 0;
}

/* A running roll-out; true when it has stopped or ended. Without a text before it there
 * is nothing to be worse than. */
static bool go_on(struct roll_outs *r, const struct fleet *f, struct fleet_tier *t,
		  bool is_trusted, const struct events *events)
{
	struct watch *w = watch_of(r, t);
	const struct fleet_unit *u;
	CLEANUP(free) char *why = NULL;
	const bool stops = roll_out_stops(w, f, t, events->db, &u, &why);

	t->roll_waits =
		*t->roll.good && !goes_back(&t->roll) && !w->is_over && is_mixed(f, t);
	if (!is_trusted)
		return false;
	if (stops && *t->roll.good && !goes_back(&t->roll)) {
		stop(f, t, u, why, events);
		return true;
	}
	if (!is_done(f, t, w))
		return false;
	end(f, t, events);
	return true;
}

/* ---------------------------------------------------------------- all */

struct bans {
	const struct fleet *f;
	const struct events *events;
	bool *is_new; /* [n_tiers] banned in this round */
};

static void ban(void *arg, const struct killer *k)
{
	struct bans *b = arg;
	struct db_roll_out *r = &k->tier->roll;

	if (!r->stack || strcmp(r->hash, k->hash) != 0 || r->state == DB_ROLL_OUT_BANNED)
		return;
	b->is_new[k->tier - b->f->tiers] = true;
	r->state = DB_ROLL_OUT_BANNED;
	r->since_ms = b->f->now_ms;
	set_text(&r->unit, k->unit);
	free(r->host);
	r->host = xasprintf("%s %s", k->hosts[0], k->hosts[1]);
	free(r->why);
	r->why = xasprintf("took host %s and then host %s with it", k->hosts[0],
			   k->hosts[1]);
	event_add(b->events, "unit-kills-hosts", DB_LEVEL_ERROR,
		  EVENT_ABOUT(.stack = r->stack, .tier = r->tier, .host = k->hosts[1],
			      .unit = r->unit),
		  "unit %s of %s/%s %s: its text is started nowhere any more, until one "
		  "of them is heard",
		  r->unit, r->stack, r->tier, r->why);
}

/* A host that it seemed to have taken is heard: true when the ban is lifted. */
static bool lift_ban(struct fleet *f, struct fleet_tier *t, const struct events *events)
{
	struct db_roll_out *r = &t->roll;

	if (r->state != DB_ROLL_OUT_BANNED || !killers_is_heard(f, r->host))
		return false;
	event_add(
		events, "unit-cleared", DB_LEVEL_INFO,
		EVENT_ABOUT(.stack = r->stack, .tier = r->tier, .unit = r->unit),
		"unit %s of %s/%s has not taken its hosts with it, as one of %s is heard "
		"again: it is started again",
		r->unit, r->stack, r->tier, r->host);
	set_text(&r->unit, "");
	set_text(&r->host, "");
	set_text(&r->why, "");
	r->state = DB_ROLL_OUT_RUNNING;
	r->since_ms = f->now_ms;
	return true;
}

int roll_outs_update(struct roll_outs *r, struct fleet *f, enum roll_out_trust trust,
		     int64_t now_mono_ms, const struct events *events, struct err *err)
{
	CLEANUP(free) struct db_roll_out *put = xcalloc(f->n_tiers + 1, sizeof(*put));
	CLEANUP(free) bool *is_banned = xcalloc(f->n_tiers + 1, sizeof(*is_banned));
	CLEANUP(free) int64_t *versions = xcalloc(f->n_tiers + 1, sizeof(*versions));
	struct bans bans = { .f = f, .events = events, .is_new = is_banned };
	size_t n = 0;

	killers_update(r->killers, f, trust, now_mono_ms, ban, &bans);
	for (size_t i = 0; i < f->n_tiers; i++) {
		struct fleet_tier *t = &f->tiers[i];
		bool is_changed;

		if (!t->cat)
			continue;
		is_changed = follow(f, t) || is_banned[i];
		is_changed |= lift_ban(f, t, events);
		if (t->roll.state == DB_ROLL_OUT_RUNNING)
			is_changed |= go_on(r, f, t, trust == ROLL_OUT_TRUST_ALL, events);
		if (!is_changed)
			continue;
		versions[n] = roll_out_version(f, t->t.stack);
		put[n++] = t->roll;
	}
	watches_forget(r);
	return db_roll_outs_put(events->db, put, versions, n, err);
}
