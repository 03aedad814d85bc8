/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ical.h - the events of an iCalendar file, as spans of time.
 *
 * VEVENTs with SUMMARY, DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE, RECURRENCE-ID
 * and STATUS are read; everything else is skipped. A time with a TZID is in the system's
 * zone of that name, or else in the file's VTIMEZONE; a time without (floating) and a
 * date are in the given zone. Cancelled events are omitted.
 *
 * libical reads values and expands rules; lines, nesting and limits are checked here
 * first, so that every error names a line and no file takes more than a second.
 *
 * Reads files of time zones; no other I/O, no global state; safe from any thread.
 *
 * Source: RFC 5545 (Internet Calendaring and Scheduling).
 */
#ifndef COMMON_CALENDAR_ICAL_H
#define COMMON_CALENDAR_ICAL_H

#include "cleanup.h"
#include "err.h"
#include "tz.h"

#include <stddef.h>
#include <stdint.h>

#define ICAL_TEXT_MAX (1 << 20)   /* bytes of a file */
#define ICAL_SOURCES_MAX 1000     /* VEVENTs in it */
#define ICAL_OCCURRENCES_MAX 5000 /* within the window */
#define ICAL_NAME_MAX 100         /* bytes of a SUMMARY */
#define ICAL_KEYS 2

/* One VEVENT. */
struct ical_source {
	char *name;             /* SUMMARY, trimmed */
	char *extra[ICAL_KEYS]; /* values of the requested properties; NULL: absent */
	int line;               /* of its BEGIN:VEVENT */
};

/* One span in which it takes place. */
struct ical_occurrence {
	size_t source;            /* index into sources */
	int64_t start_ms, end_ms; /* Unix time, [start, end), never empty */
};

struct ical {
	struct ical_source
		*sources; /* in the order of the file, with the cancelled ones */
	size_t n_sources;
	struct ical_occurrence *v; /* by start */
	size_t n;
};

struct ical_opts {
	const char *what;       /* the file's name, for errors */
	const struct tz *zone;  /* of floating times and dates; NULL: UTC */
	int64_t from_ms, to_ms; /* occurrences that overlap [from, to) are returned */
	const char *keys[ICAL_KEYS]; /* names of extra properties, "X-..."; NULL: none */
};

/*
 * Reads a calendar. ERR_INVAL or ERR_LIMIT with "WHAT:LINE: ..." says what is wrong; *ret
 * is set on success only; free it with ical_done(). Cost: about 10 us per event, 1 us per
 * repetition since its first.
 */
int ical_read(const char *text, const struct ical_opts *opts, struct ical *ret,
	      struct err *err) MUST_CHECK;
void ical_done(struct ical *c);
DEFINE_CLEANUP_OBJECT(struct ical, ical_done);

#endif
