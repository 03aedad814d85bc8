/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failing_units.h"

#include "check.h"
#include "sorted.h"
#include "stack_catalog.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define RESTARTS_MAX 5
#define MESSAGE_BYTES 300                   /* of what a unit said, in a sentence */
#define STEADY_MS 3000                      /* real */
#define WELL_MS 60000                       /* real */
#define RETRY_FIRST_MS (5 * INT64_C(60000)) /* calendar */
#define RETRY_MAX_MS (60 * INT64_C(60000))

/* One instance that is, or was, not well. */
struct patient {
	char *unit, *hash, *host;
	int64_t base;         /* restarts when it last ran well */
	int64_t well_mono_ms; /* since when it runs; 0: it does not */
	bool is_well;         /* has run for a minute */
	int64_t since_ms;     /* fails since; 0: does not */
	char *message;        /* the last that its unit had to say */
	char *why;            /* "failed 5 times: ..."; NULL: it does not fail */
	bool is_seen;
};

/* What was tried for a tier since all of it last ran. */
struct attempt {
	char *stack, *tier;
	char *avoid;              /* host of the instance that was given up last; "" */
	int64_t wait_ms, next_ms; /* after the latest try; 0: there was none */
	bool is_seen;
};

struct failing {
	struct patient *patients; /* by unit */
	size_t n_patients;
	struct attempt *attempts;
	size_t n_attempts;
};

struct failing *failing_new(void)
{
	return xcalloc(1, sizeof(struct failing));
}

static void patient_done(struct patient *p)
{
	free(p->unit);
	free(p->hash);
	free(p->host);
	free(p->message);
	free(p->why);
}

static void attempt_done(struct attempt *a)
{
	free(a->stack);
	free(a->tier);
	free(a->avoid);
}

void failing_free(struct failing *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_patients; i++)
		patient_done(&f->patients[i]);
	for (size_t i = 0; i < f->n_attempts; i++)
		attempt_done(&f->attempts[i]);
	free(f->patients);
	free(f->attempts);
	free(f);
}

/* ---------------------------------------------------------------- instances */

static const struct unit_state *state_of(const struct fleet_unit *u)
{
	const struct unit_state *s =
		u->u.goal == DB_GOAL_RUN && u->host && u->host->alive && u->host->states
			? states_get(u->host->states, u->u.name)
			: NULL;

	/* A state of another text is of the instance before this one. */
	return s && strcmp(s->hash, u->u.hash) == 0 ? s : NULL;
}

static struct patient *find_patient(struct failing *f, const struct fleet_unit *u,
				    bool add)
{
	size_t at = SORTED_PLACE(f->n_patients, i,
				 strcmp(f->patients[i].unit, u->u.name) < 0);
	struct patient *p;

	if (at < f->n_patients && strcmp(f->patients[at].unit, u->u.name) == 0)
		return &f->patients[at];
	if (!add)
		return NULL;
	f->patients = xrealloc(f->patients, (f->n_patients + 1) * sizeof(*p));
	p = &f->patients[at];
	memmove(p + 1, p, (f->n_patients++ - at) * sizeof(*p));
	*p = (struct patient){ .unit = xstrdup(u->u.name),
			       .hash = xstrdup(u->u.hash),
			       .host = xstrdup(u->u.host),
			       .message = xstrdup("") };
	return p;
}

static void set(char **text, char *value)
{
	free(*text);
	*text = value;
}

/* Another text, or another host: what was, is over. */
static void begin_anew(struct patient *p, const struct fleet_unit *u)
{
	if (strcmp(p->hash, u->u.hash) == 0 && strcmp(p->host, u->u.host) == 0)
		return;
	set(&p->hash, xstrdup(u->u.hash));
	set(&p->host, xstrdup(u->u.host));
	set(&p->message, xstrdup(""));
	set(&p->why, NULL);
	p->base = p->well_mono_ms = p->since_ms = 0;
	p->is_well = false;
}

static void tell(const struct events *events, const char *kind, enum db_level level,
		 const struct fleet_unit *u, const char *what)
{
	event_add(events, kind, level,
		  EVENT_ABOUT(.stack = u->u.stack, .tier = u->u.tier, .host = u->u.host,
			      .unit = u->u.name),
		  "unit %s on host %s %s", u->u.name, u->u.host, what);
}

static void is_ill(struct patient *p, const struct fleet_unit *u,
		   const struct unit_state *s, int64_t now_ms,
		   const struct events *events)
{
	bool was_given_up = strcmp(s->active, "failed") == 0;
	int64_t times = MAX(s->restarts - p->base, was_given_up);
	int shown;

	p->well_mono_ms = 0;
	p->is_well = false;
	p->since_ms = MIN(p->since_ms, now_ms);
	if (*s->message)
		set(&p->message, xstrdup(s->message));
	if (p->why || (times < RESTARTS_MAX && !was_given_up))
		return;
	p->since_ms = now_ms;
	shown = (int)utf8_fit(p->message, MESSAGE_BYTES);
	p->why = times == 1 ? xasprintf("failed: %.*s", shown, p->message)
			    : xasprintf("failed %lld times: %.*s", (long long)times,
					shown, p->message);
	tell(events, "unit-failing", DB_LEVEL_WARN, u, p->why);
}

static void runs(struct patient *p, const struct fleet_unit *u,
		 const struct unit_state *s, int64_t now_mono_ms,
		 const struct events *events)
{
	if (!p->well_mono_ms)
		p->well_mono_ms = now_mono_ms;
	p->is_well = now_mono_ms - p->well_mono_ms >= WELL_MS;
	if (!p->is_well)
		return;
	p->base = s->restarts;
	if (p->why)
		tell(events, "unit-recovered", DB_LEVEL_INFO, u, "runs well again");
	set(&p->why, NULL);
}

static void examine(struct failing *f, struct fleet_unit *u, int64_t now_ms,
		    int64_t now_mono_ms, const struct events *events)
{
	const struct unit_state *s = state_of(u);
	bool is_placed = u->u.goal == DB_GOAL_RUN && *u->u.host;
	struct patient *p =
		find_patient(f, u, is_placed && (!u->healthy || (s && s->restarts > 0)));

	if (!p || !is_placed)
		return;
	p->is_seen = true;
	begin_anew(p, u);
	if (s && s->restarts < p->base)
		p->base = 0;
	if (s && u->healthy)
		runs(p, u, s, now_mono_ms, events);
	else if (s)
		is_ill(p, u, s, now_ms, events);
	u->failing = u->healthy ? NULL : p->why;
	u->unsteady = u->healthy && now_mono_ms - p->well_mono_ms < STEADY_MS;
}

static void forget_patients(struct failing *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_patients; i++) {
		if (f->patients[i].is_seen) {
			f->patients[kept] = f->patients[i];
			f->patients[kept++].is_seen = false;
		} else {
			patient_done(&f->patients[i]);
		}
	}
	f->n_patients = kept;
}

/* ---------------------------------------------------------------- tiers */

static struct attempt *find_attempt(struct failing *f, const struct fleet_tier *t,
				    bool add)
{
	for (size_t i = 0; i < f->n_attempts; i++)
		if (strcmp(f->attempts[i].stack, t->t.stack) == 0 &&
		    strcmp(f->attempts[i].tier, t->t.name) == 0)
			return &f->attempts[i];
	if (!add)
		return NULL;
	f->attempts = xrealloc(f->attempts, (f->n_attempts + 1) * sizeof(*f->attempts));
	f->attempts[f->n_attempts] = (struct attempt){ .stack = xstrdup(t->t.stack),
						       .tier = xstrdup(t->t.name),
						       .avoid = xstrdup("") };
	return &f->attempts[f->n_attempts++];
}

/* The one that fails for longest; NULL. *ret_ill: whether any is not well yet. */
static struct fleet_unit *first_failing(struct failing *f, struct fleet *fleet,
					const struct fleet_tier *t, int64_t *ret_since_ms,
					bool *ret_ill)
{
	struct fleet_unit *first = NULL;

	*ret_ill = false;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		struct fleet_unit *u = &fleet->units[i];
		const struct patient *p = find_patient(f, u, false);

		*ret_ill |= !u->healthy || (p && !p->is_well);
		if (!u->failing || (first && p->since_ms >= *ret_since_ms))
			continue;
		first = u;
		*ret_since_ms = p->since_ms;
	}
	return first;
}

static bool may_give_up(const struct fleet *fleet, const struct fleet_tier *t)
{
	for (size_t i = 0; i < fleet->holds.n; i++) {
		const struct db_hold *h = &fleet->holds.v[i];

		if (strcmp(h->stack, t->t.stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, t->t.name) == 0))
			return false;
	}
	return t->cat && !t->t.stateful;
}

static void give_up(struct attempt *a, struct fleet_unit *u, int64_t now_ms)
{
	u->give_up = true;
	a->wait_ms = a->wait_ms ? MIN(2 * a->wait_ms, RETRY_MAX_MS) : 2 * RETRY_FIRST_MS;
	a->next_ms = now_ms + a->wait_ms;
	set(&a->avoid, xstrdup(u->u.host));
}

static void treat(struct failing *f, struct fleet *fleet, struct fleet_tier *t)
{
	int64_t since_ms = 0;
	bool any_ill;
	struct fleet_unit *u = first_failing(f, fleet, t, &since_ms, &any_ill);
	struct attempt *a = find_attempt(f, t, u != NULL);

	t->avoid = "";
	if (!a)
		return;
	a->is_seen = any_ill;
	/* when the clock was set back, no wait is longer than it was at its start */
	a->next_ms = MIN(a->next_ms, fleet->now_ms + a->wait_ms);
	if (u && may_give_up(fleet, t) &&
	    fleet->now_ms >= MAX(since_ms + RETRY_FIRST_MS, a->next_ms))
		give_up(a, u, fleet->now_ms);
}

static void forget_attempts(struct failing *f, struct fleet *fleet)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_attempts; i++) {
		struct attempt *a = &f->attempts[i];
		struct fleet_tier *t = fleet_tier(fleet, a->stack, a->tier);

		if (!a->is_seen || !t) {
			attempt_done(a);
			continue;
		}
		a->is_seen = false;
		t->avoid = a->avoid;
		f->attempts[kept++] = *a;
	}
	f->n_attempts = kept;
}

/* ---------------------------------------------------------------- all */

void failing_update(struct failing *f, struct fleet *fleet, int64_t now_mono_ms,
		    const struct events *events)
{
	for (size_t i = 0; i < fleet->n_units; i++)
		examine(f, &fleet->units[i], fleet->now_ms, now_mono_ms, events);
	forget_patients(f);
	for (size_t i = 0; i < fleet->n_tiers; i++)
		treat(f, fleet, &fleet->tiers[i]);
	forget_attempts(f, fleet);
	fleet_index(fleet);
}

bool failing_problem(const struct fleet *fleet, char *text, size_t size)
{
	const struct fleet_unit *first = NULL;
	char more[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < fleet->n_units; i++) {
		if (!fleet->units[i].failing)
			continue;
		n++;
		if (!first)
			first = &fleet->units[i];
	}
	if (!first)
		return false;
	if (n > 1)
		snprintf(more, sizeof(more), " (and %zu units more)", n - 1);
	snprintf(text, size, "unit %s on host %s %s%s", first->u.name, first->u.host,
		 first->failing, more);
	return true;
}

static const struct fleet_unit *holds_up(const struct fleet *fleet,
					 const struct fleet_tier *t, size_t *ret_new,
					 size_t *ret_n)
{
	const struct fleet_unit *ill = NULL;

	*ret_new = *ret_n = 0;
	for (size_t i = t->first_unit; i < t->first_unit + t->n_units; i++) {
		const struct fleet_unit *u = &fleet->units[i];

		if (u->u.goal != DB_GOAL_RUN)
			continue;
		++*ret_n;
		*ret_new += strcmp(u->u.hash, t->cat->unit->hash) == 0;
		if (u->failing)
			ill = u;
	}
	return *ret_new < *ret_n ? ill : NULL;
}

bool failing_roll_out(const struct fleet *fleet, char *text, size_t size)
{
	for (size_t i = 0; i < fleet->n_tiers; i++) {
		const struct fleet_tier *t = &fleet->tiers[i];
		const struct fleet_unit *u;
		size_t n_new, n;

		if (!t->cat || !(u = holds_up(fleet, t, &n_new, &n)))
			continue;
		snprintf(text, size,
			 "%zu of %zu instances of %s/%s have the new unit text: the "
			 "roll-out waits for unit %s on host %s, which %s",
			 n_new, n, t->t.stack, t->t.name, u->u.name, u->u.host,
			 u->failing);
		return true;
	}
	return false;
}
