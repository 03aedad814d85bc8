/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ical_unfold.h - when one VEVENT takes place: its length, repetitions and exceptions.
 * For ical.c alone.
 */
#ifndef COMMON_CALENDAR_ICAL_UNFOLD_H
#define COMMON_CALENDAR_ICAL_UNFOLD_H

#include "ical.h"
#include "ical_time.h"

struct ical_unfolding {
	/* the file's */
	const struct ical_opts *opts;
	struct ical_zones *zones;
	icalcomponent **events; /* all of them */
	size_t n_events;
	size_t repeats; /* of all events so far */
	struct ical *out;
	/* the event's */
	icalcomponent *event;
	size_t source;
	struct icaltimetype start;
	struct ical_clock clock;
	int64_t length_ms; /* by the calendar when start is a date */
};

/* Appends the occurrences of u->event, which is events[source], to out. */
int ical_unfold(struct ical_unfolding *u, struct err *err) MUST_CHECK;

#endif
