/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failing_state.h"

#include "check.h"
#include "sick_units.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define RESTARTS_MAX 5
#define MESSAGE_BYTES 300 /* of a unit's message, when quoted */
#define STEADY_MS 3000    /* real */

static const struct unit_state *state_of(const struct fleet_unit *u)
{
	char name[UNIT_NAME_TEXT];
	const struct unit_state *s =
		u->u.goal == DB_GOAL_RUN && u->host && u->host->alive && u->host->states
			? states_get(u->host->states, fleet_unit_name(u, name))
			: NULL;

	/* A state of another text is of the instance before this one. */
	return s && strcmp(s->hash, u->u.hash) == 0 ? s : NULL;
}

/* A new text or a new host starts from scratch. */
static void reset(struct tracked_unit *p, const struct fleet_unit *u)
{
	if (strcmp(p->hash, u->u.hash) == 0 && strcmp(p->host, u->u.host) == 0)
		return;
	failing_set_text(&p->hash, xstrdup(u->u.hash));
	failing_set_text(&p->host, xstrdup(u->u.host));
	failing_set_text(&p->message, xstrdup(""));
	failing_set_text(&p->why, NULL);
	failing_set_text(&p->sick, NULL);
	p->base = p->stable_mono_ms = p->since_ms = p->down_mono_ms = 0;
	p->is_stable = p->served = false;
	p->times_sick = 0;
}

static void note_failure(struct tracked_unit *p, const struct fleet_unit *u,
			 const struct unit_state *s, int64_t now_ms,
			 const struct events *events)
{
	bool gave_up = strcmp(s->active, "failed") == 0;
	int64_t times = MAX(s->restarts - p->base, gave_up);
	int shown;

	p->stable_mono_ms = 0;
	p->is_stable = false;
	p->since_ms = MIN(p->since_ms, now_ms);
	if (*s->message)
		failing_set_text(&p->message, xstrdup(s->message));
	if (p->why || (times < RESTARTS_MAX && !gave_up))
		return;
	p->since_ms = now_ms;
	shown = (int)utf8_fit(p->message, MESSAGE_BYTES);
	p->why = times == 1 ? xasprintf("failed: %.*s", shown, p->message)
			    : xasprintf("failed %lld times: %.*s", (long long)times,
					shown, p->message);
	failing_tell(events, "unit-failing", DB_LEVEL_WARN, u, p->why);
}

static void note_running(struct tracked_unit *p, const struct fleet_unit *u,
			 const struct unit_state *s, int64_t now_mono_ms,
			 const struct events *events)
{
	if (!p->stable_mono_ms)
		p->stable_mono_ms = now_mono_ms;
	p->is_stable = now_mono_ms - p->stable_mono_ms >= STABLE_MS;
	if (!p->is_stable)
		return;
	p->base = s->restarts;
	if (p->why)
		failing_tell(events, "unit-recovered", DB_LEVEL_INFO, u, "has recovered");
	failing_set_text(&p->why, NULL);
}

static void examine(struct failing *f, struct fleet_unit *u, int64_t now_ms,
		    int64_t now_mono_ms, const struct events *events)
{
	const struct unit_state *s = f->is_trusted ? state_of(u) : NULL;
	bool is_placed = u->u.goal == DB_GOAL_RUN && *u->u.host;
	struct tracked_unit *p =
		failing_find(f, u, is_placed && (!u->healthy || (s && s->restarts > 0)));

	if (!p)
		return;
	p->is_seen = is_placed || u->u.goal == DB_GOAL_RESTART;
	if (!is_placed)
		return;
	reset(p, u);
	p->served |= u->healthy || u->served;
	if (s && s->restarts < p->base)
		p->base = 0;
	if (s && u->healthy)
		note_running(p, u, s, now_mono_ms, events);
	else if (s)
		note_failure(p, u, s, now_ms, events);
	sick_examine(p, u, s, now_ms, now_mono_ms, events);
	u->seen_down = s && !u->healthy;
	u->failing = u->healthy ? NULL : p->why;
	u->stumbled = p->why != NULL;
	u->unsteady = u->healthy && now_mono_ms - p->stable_mono_ms < STEADY_MS;
}

void failing_update(struct failing *f, struct fleet *fleet, bool is_trusted,
		    int64_t now_mono_ms, const struct events *events)
{
	f->is_trusted = is_trusted;
	for (size_t i = 0; i < fleet->n_units; i++)
		examine(f, &fleet->units[i], fleet->now_ms, now_mono_ms, events);
	failing_forget_units(f);
	for (size_t i = 0; i < fleet->n_tiers; i++) {
		failing_replace(f, fleet, &fleet->tiers[i]);
		sick_replace(f, fleet, &fleet->tiers[i]);
	}
	failing_forget_attempts(f, fleet);
	fleet_index(fleet);
}
