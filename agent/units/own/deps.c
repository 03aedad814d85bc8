/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "deps.h"

#include "list.h"
#include "spec.h"

/* a is to start after b. */
static bool is_after(const struct unit *a, const struct unit *b)
{
	return a != b && a->spec && b->spec &&
	       (strv_has(a->spec->after, b->name) || strv_has(b->spec->before, a->name));
}

bool unit_must_wait(const struct unit *u)
{
	for (const struct unit *o = own_next(u->own->units); o; o = own_next(o->next)) {
		/* Two that wait for each other would wait for ever: the first one
		 * starts. */
		bool circle = o->phase == PHASE_WAITING && is_after(o, u);

		if (is_after(u, o) && !circle &&
		    (phase_is_coming_up(o->phase) || phase_is_going_down(o->phase)))
			return true;
	}
	return false;
}

bool unit_stop_must_wait(const struct unit *u)
{
	for (const struct unit *o = own_next(u->own->units); o; o = own_next(o->next))
		if (is_after(o, u) && phase_is_going_down(o->phase))
			return true;
	return false;
}

static bool depends(const struct unit *u, const struct unit *on)
{
	return strv_has(u->spec->requires, on->name) ||
	       strv_has(u->spec->binds_to, on->name);
}

bool unit_lacks(const struct unit *u, const struct unit *o)
{
	return o != u && o->spec && depends(u, o) && o->phase == PHASE_FAILED;
}

bool unit_pulls(const struct unit *u, const struct unit *o)
{
	return o != u && o->spec && o->phase == PHASE_DEAD && !o->run &&
	       (depends(u, o) || strv_has(u->spec->wants, o->name));
}

bool unit_takes_down(const struct unit *u, const struct unit *o)
{
	bool bound = strv_has(o->spec->binds_to, u->name) ||
		     (u->stop_asked && (strv_has(o->spec->requires, u->name) ||
					strv_has(o->spec->part_of, u->name)));

	return bound && phase_is_up(o->phase) &&
	       (phase_is_going_down(u->phase) || phase_is_idle(u->phase));
}
