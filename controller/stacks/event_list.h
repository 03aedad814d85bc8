/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_list.h - the occurrences of a stack's announced events, from two years back to
 * one year ahead.
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

/* An event, and where it was announced. */
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
 * Lists the occurrences from two years before now_ms to one year after, or from two
 * months before if there are more than EVENTS_MAX. ERR_INVAL or ERR_LIMIT with file and
 * line; also when a section without a time applies to no event of a calendar.
 */
int event_list_read(const struct stack_events *e, const struct tz *zone, int64_t now_ms,
		    struct event_list *ret, struct err *err) MUST_CHECK;
void event_list_done(struct event_list *l);
DEFINE_CLEANUP_OBJECT(struct event_list, event_list_done);

/* Whether the event affects the tier. */
bool event_kind_is_of(const struct event_kind *k, const char *tier);

#endif
