/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_out_back.c - stopped roll-outs that go back by themselves.
 */
#include "roll_out_state.h"

#include "check.h"
#include "stacks.h"

#include <string.h>

/* It was not itself a way back. */
static bool wants_back(const struct fleet_tier *t)
{
	return t->cat && t->cat->rolls_back && fleet_roll_out_is_stopped(t) &&
	       *t->roll.good && strcmp(t->roll.good, t->roll.hash) != 0;
}

/* A person who holds it wants nothing to change by itself. */
static bool is_held(const struct fleet *f, const struct fleet_tier *t)
{
	for (size_t i = 0; i < f->holds.n; i++) {
		const struct db_hold *h = &f->holds.v[i];

		if (strcmp(h->stack, t->t.stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, t->t.name) == 0))
			return true;
	}
	return false;
}

/* told: what was told, of tiers that still cannot. */
static void tell_why_not(struct roll_outs *r, struct words *told,
			 const struct fleet_tier *t, const char *why,
			 const struct events *events)
{
	CLEANUP(free)
	char *text = xasprintf("%s/%s cannot go back by itself: %s; go back with "
			       "'foretide rollback %s', or apply a text that is mended",
			       t->t.stack, t->t.name, why, t->t.stack);

	words_add(told, text);
	if (!words_has(&r->not_back, text))
		event_add(events, "rollback-failed", DB_LEVEL_ERROR,
			  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name), "%s",
			  text);
}

static int go_back(const struct fleet *f, const struct fleet_tier *t,
		   const struct events *events, struct err *err)
{
	int64_t from = 0, version = 0;
	int rc = is_held(f, t)
			 ? err_set(err, ERR_CONFLICT, "it is on hold")
			 : stack_go_back(events->db, t->t.stack, t->t.unit, t->roll.good,
					 roll_out_version(f, t->t.stack), f->now_ms,
					 &from, &version, err);

	if (rc < 0)
		return rc;
	event_add(events, "stack-rolled-back", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
		  "%s/%s goes back to the text of version %lld, in version %lld: unit %s "
		  "%s",
		  t->t.stack, t->t.name, (long long)from, (long long)version,
		  t->roll.unit, t->roll.why);
	return 0;
}

bool roll_outs_go_back(struct roll_outs *r, const struct fleet *f,
		       const struct events *events)
{
	struct words told = { 0 };
	bool is_back = false;

	for (size_t i = 0; i < f->n_tiers && !is_back; i++) {
		const struct fleet_tier *t = &f->tiers[i];
		struct err err;

		if (!wants_back(t))
			continue;
		is_back = go_back(f, t, events, &err) == 0;
		if (!is_back)
			tell_why_not(r, &told, t, err.msg, events);
	}
	words_done(&r->not_back);
	r->not_back = told;
	return is_back;
}
