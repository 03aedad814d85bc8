/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publish.h"

#include "check.h"
#include "clock.h"

#include <string.h>

static const char *message_of(const struct entry *e, const struct unit_status *s)
{
	const struct wanted *w = e->w;

	if (s && *s->message)
		return s->message;
	if (e->u.state == SCHEDULE_LAUNCHED && !e->text)
		return "waiting for its text";
	if (e->u.state == SCHEDULE_LAUNCHED && !e->u.drain && !e->leaving &&
	    !(s && unit_is_up(s)) && !entry_may_start(e))
		return w->o.why_not_ready
			       ? w->o.why_not_ready(w->o.arg, e->u.stack, e->u.tier)
			       : "waiting for its files";
	return registrator_problem(w->o.registrator, e->u.name);
}

static void add_state(struct states *all, const struct entry *e)
{
	struct unit_status s = { 0 };
	bool exists = units_get(e->w->o.units, e->u.name, &s);
	struct unit_state u = {
		.name = e->u.name,
		.hash = (char *)(uintptr_t)(exists ? s.hash : e->u.hash),
		.load = (char *)(uintptr_t)(exists ? s.load : "not-found"),
		.active = (char *)(uintptr_t)(exists ? s.active : "inactive"),
		.sub = (char *)(uintptr_t)(exists ? s.sub : "dead"),
		.health = registrator_health(e->w->o.registrator, e->u.name),
		.drained = e->drained,
		.restarts = s.restarts,
		.since_ms = s.since_ms,
		.message = (char *)(uintptr_t)message_of(e, exists ? &s : NULL),
	};

	(void)!states_add(all, &u, NULL);
}

void wanted_publish(struct wanted *w)
{
	CLEANUP(states_free) struct states *all = states_new(w->epoch);
	CLEANUP(free) char *text = NULL;

	if (!w->lease || !w->known)
		return;
	for (const struct entry *e = w->entries; e; e = e->next)
		add_state(all, e);
	text = states_format(all);
	lease_set(w->lease, w->states_key, text);
	w->published_mono_ms = clock_mono_ms();
}

void wanted_publish_soon(struct wanted *w)
{
	if (!loop_timer_is_set(w->publish))
		loop_timer_at(w->publish, MAX(w->published_mono_ms + WANTED_PUBLISH_MS,
					      clock_mono_ms()));
}
