/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * current_events.h - the present events of an applied stack, for callers outside of the
 * tick. Reads everything from the database: milliseconds.
 */
#ifndef CONTROLLER_TIERS_CURRENT_EVENTS_H
#define CONTROLLER_TIERS_CURRENT_EVENTS_H

#include "event_effects.h"
#include "stacks.h"

struct event_view {
	struct stack_file *file; /* NULL: the stored stack can no longer be read */
	struct tz *zone;
	struct event_list list;
};

/*
 * ERR_NOT_FOUND for a stack that is not applied. A stack that can no longer be read, such
 * as an older version's, has no events; its tiers run without. The caller owns *ret.
 */
int event_view_read(struct db *db, const char *stack, int64_t now_ms,
		    struct event_view *ret, struct err *err) MUST_CHECK;
void event_view_done(struct event_view *v);
DEFINE_CLEANUP_OBJECT(struct event_view, event_view_done);

/*
 * One line per tier and event:
 * {"name","tier","source","start","end","uplift","low","high",
 * "given","learned_from","in_force","measured":[{"start","end","uplift"}]}; start and end
 * are of the one in force or the next, null when there is none within a year. tier: only
 * that one; NULL: all. The caller owns *ret.
 */
int event_view_json(const struct event_view *v, struct db *db, const char *tier,
		    int64_t now_ms, json_t **ret, struct err *err) MUST_CHECK;

#endif
