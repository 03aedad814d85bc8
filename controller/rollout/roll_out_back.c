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

static void tell_why_not(struct roll_outs *r, const struct fleet_tier *t, const char *why,
			 const struct events *events)
{
	if (r->not_back && strcmp(r->not_back, why) == 0)
		return;
	free(r->not_back);
	r->not_back = xstrdup(why);
	event_add(events, "rollback-failed", DB_LEVEL_ERROR,
		  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
		  "%s cannot go back by itself: %s", t->t.stack, why);
}

bool roll_outs_go_back(struct roll_outs *r, const struct fleet *f,
		       const struct events *events)
{
	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct fleet_tier *t = &f->tiers[i];
		int64_t from = 0, version = 0;
		struct err err;

		if (!wants_back(t))
			continue;
		if (stack_go_back(events->db, t->t.stack, t->roll.good,
				  roll_out_version(f, t->t.stack), f->now_ms, &from,
				  &version, &err) < 0) {
			tell_why_not(r, t, err.msg, events);
			continue;
		}
		event_add(events, "stack-rolled-back", DB_LEVEL_WARN,
			  EVENT_ABOUT(.stack = t->t.stack, .tier = t->t.name),
			  "%s goes back to version %lld, applied again as version %lld: "
			  "unit %s %s",
			  t->t.stack, (long long)from, (long long)version, t->roll.unit,
			  t->roll.why);
		return true;
	}
	return false;
}
