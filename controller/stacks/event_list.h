/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_list.h - the events that a stack announces: [event NAME] in stack.conf, and
 * events/NAME.ics, whose SUMMARY is the event's name.
 *
 *	[event black friday]
 *	when = 2026-11-27 08:00 .. 2026-11-28 02:00
 *	uplift = 2.5
 *	tiers = web cache
 *
 * There may be several whens, or none: then it speaks of the calendars' events.
 * An uplift of 2.5 is +150 %; learn, the default, is from past ones of the name. All
 *tiers when none are named.
 *
 * In a calendar, X-FORETIDE-UPLIFT and X-FORETIDE-TIERS say the same of one event, and
 * come before the section of its name.
 *
 * An announced event is kept as it was written; event_list holds what takes place within
 * two years back and one ahead. Reads files of time zones; otherwise pure.
 */
#ifndef CONTROLLER_STACKS_EVENT_LIST_H
#define CONTROLLER_STACKS_EVENT_LIST_H

#include "cleanup.h"
#include "err.h"
#include "event_when.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_SECTIONS_MAX 200
#define EVENT_WHEN_MAX 100 /* of one section */
#define EVENT_FILES_MAX 32
#define EVENTS_MAX 5000    /* occurrences of a stack within the window */
#define EVENT_NAME_MAX 100 /* bytes; also of a SUMMARY */

/* What is said of an event, in a section or in a calendar. */
struct event_terms {
	double uplift; /* factor; NaN: to be learned */
	bool is_uplift_said, is_tiers_said;
	char *tiers; /* "web cache"; NULL: all */
};

struct stack_event {
	char *name;
	struct event_terms terms;
	struct event_when *when; /* [n_when] */
	size_t n_when;
	int line; /* of stack.conf */
};

struct stack_events {
	struct stack_event *v;
	size_t n;
	struct {
		char *name; /* "events/sales.ics" */
		char *text;
	} * files;
	size_t n_files;
};

void stack_events_done(struct stack_events *e);

/* [event NAME] begins; ERR_INVAL for a bad or known name. */
int stack_events_add(struct stack_events *e, const char *name, int line,
		     struct err *err) MUST_CHECK;
/* An option of the section begun last under the name. */
int stack_events_set(struct stack_events *e, const char *name, const char *option,
		     const char *value, struct err *err) MUST_CHECK;
/* A calendar, by its name in the stack. */
void stack_events_add_file(struct stack_events *e, const char *name, const char *text);

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

/* Calls fn with each tier that terms name; a negative answer ends it and is returned. */
typedef int event_tier_fn(void *arg, const char *tier, struct err *err);
int event_terms_each_tier(const struct event_terms *t, event_tier_fn *fn, void *arg,
			  struct err *err) MUST_CHECK;

/* The options of [event NAME], for the manual's check: names, ended by NULL. */
extern const char *const stack_event_options[];

#endif
