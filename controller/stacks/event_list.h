/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_list.h - what takes place of the events that a stack announces, within two years
 * back and one ahead.
 *
 * Reads files of time zones; otherwise pure.
 */
#ifndef CONTROLLER_STACKS_EVENT_LIST_H
#define CONTROLLER_STACKS_EVENT_LIST_H

#include "announced_events.h"
#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_MAX 5000 /* occurrences of a stack within the window */

/* One thing that takes place, and where it was said. */
struct event_kind {
	char *name;
	char *source; /* "stack.conf", "events/sales.ics" */
	struct event_terms terms;
};

struct event_occurrence {
	size_t kind;
	int64_t start_ms, end_ms;
};

struct event_list {
	struct event_kind *kinds;
	size_t n_kinds;
	struct event_occurrence *v; /* by start */
	size_t n;
	int64_t from_ms; /* of the window */
};

/*
 * What takes place from two years before now_ms to one year after; from two months before
 * when these are more than EVENTS_MAX. ERR_INVAL or ERR_LIMIT
 * name the file and the line; also when a section speaks of an event that no calendar
 * has.
 */
int event_list_read(const struct stack_events *e, const struct tz *zone, int64_t now_ms,
		    struct event_list *ret, struct err *err) MUST_CHECK;
void event_list_done(struct event_list *l);
DEFINE_CLEANUP_OBJECT(struct event_list, event_list_done);

/* Whether it is about the tier. */
bool event_kind_is_of(const struct event_kind *k, const char *tier);

#endif
