/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit.h"

#include "strv.h"

/* a shall start after b. */
static bool is_after(const struct unit *a, const struct unit *b)
{
	return a != b && a->spec && b->spec &&
	       (strv_has(a->spec->after, b->name) || strv_has(b->spec->before, a->name));
}

static bool is_coming_up(const struct unit *u)
{
	return u->phase >= PHASE_WAITING && u->phase <= PHASE_START_POST;
}

static bool is_going_down(const struct unit *u)
{
	return u->phase >= PHASE_STOP && u->phase <= PHASE_STOP_POST;
}

bool unit_must_wait(const struct unit *u)
{
	for (const struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		/* Two that wait for each other would wait for ever: the first goes. */
		bool circle = o->phase == PHASE_WAITING && is_after(o, u);

		if (is_after(u, o) && !circle && (is_coming_up(o) || is_going_down(o)))
			return true;
	}
	return false;
}

static bool depends(const struct unit *u, const struct unit *on)
{
	return strv_has(u->spec->requires, on->name) ||
	       strv_has(u->spec->binds_to, on->name);
}

bool unit_pull(struct unit *u)
{
	for (struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		if (o == u || !o->spec)
			continue;
		if (depends(u, o) && o->phase == PHASE_FAILED)
			return false;
		if (o->phase == PHASE_DEAD && !o->run &&
		    (depends(u, o) || strv_has(u->spec->wants, o->name))) {
			o->run = true;
			unit_start(o);
		}
	}
	return true;
}

void unit_tell_others(struct unit *u)
{
	for (struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		bool bound;

		if (o == u || !o->spec)
			continue;
		if (o->phase == PHASE_WAITING) {
			unit_start(o);
			continue;
		}
		if (o->held && !unit_stop_must_wait(o))
			unit_stop(o);
		bound = strv_has(o->spec->binds_to, u->name) ||
			(u->stop_asked && (strv_has(o->spec->requires, u->name) ||
					   strv_has(o->spec->part_of, u->name)));
		if (bound && unit_is_up(o) && (is_going_down(u) || unit_is_idle(u)))
			unit_stop(o);
	}
}

bool unit_stop_must_wait(const struct unit *u)
{
	for (const struct unit *o = own_next(u->own->units); o; o = own_next(o->next))
		if (is_after(o, u) && is_going_down(o))
			return true;
	return false;
}
