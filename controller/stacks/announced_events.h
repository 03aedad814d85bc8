/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * announced_events.h - the events that a stack announces, as they were written: [event
 * NAME] in stack.conf, and events/NAME.ics, whose SUMMARY is the event's name.
 *
 *	[event black friday]
 *	when = 2026-11-27 08:00 .. 2026-11-28 02:00
 *	uplift = 2.5
 *	tiers = web cache
 *
 * There may be several whens; a section without one applies to the calendars' events. An
 * uplift of 2.5 is +150 %; learn, the default, is from past events of the name. Without
 * tiers, it affects all of them.
 *
 * In a calendar, X-FORETIDE-UPLIFT and X-FORETIDE-TIERS do the same for one event, and
 * take precedence over the section of its name.
 */
#ifndef CONTROLLER_STACKS_ANNOUNCED_EVENTS_H
#define CONTROLLER_STACKS_ANNOUNCED_EVENTS_H

#include "err.h"
#include "event_when.h"

#include <stdbool.h>
#include <stddef.h>

#define EVENT_SECTIONS_MAX 200
#define EVENT_WHEN_MAX 100 /* of one section */
#define EVENT_FILES_MAX 32
#define EVENT_NAME_MAX 100 /* bytes; also of a SUMMARY */

/* The effect of an event, as set in a section or a calendar. */
struct event_terms {
	double uplift; /* factor; NaN: to be learned */
	bool is_uplift_set, is_tiers_set;
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

/* Starts [event NAME]; ERR_INVAL for an invalid or duplicate name. */
int stack_events_add(struct stack_events *e, const char *name, int line,
		     struct err *err) MUST_CHECK;
/* Sets an option of the section. */
int stack_events_set(struct stack_events *e, const char *name, const char *option,
		     const char *value, struct err *err) MUST_CHECK;
/* Adds a calendar under its name in the stack. */
void stack_events_add_file(struct stack_events *e, const char *name, const char *text);

/* NULL when there is none. */
struct stack_event *stack_events_find(const struct stack_events *e, const char *name);

/* As options of a section set them; ERR_INVAL when one is set twice. */
int event_terms_set_uplift(struct event_terms *t, const char *text,
			   struct err *err) MUST_CHECK;
int event_terms_set_tiers(struct event_terms *t, const char *text,
			  struct err *err) MUST_CHECK;
void event_terms_done(struct event_terms *t);

/* Calls fn with each tier that is named; a negative result stops it and is returned. */
typedef int event_tier_fn(void *arg, const char *tier, struct err *err);
int event_terms_each_tier(const struct event_terms *t, event_tier_fn *fn, void *arg,
			  struct err *err) MUST_CHECK;

/* The options of [event NAME], for the manual's check: names, ended by NULL. */
extern const char *const stack_event_options[];

#endif
