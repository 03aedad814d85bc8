/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_when.h - when an event takes place, as written in stack.conf.
 *
 *	2026-11-27                             that day
 *	2026-11-27 .. 2026-11-29               these days, both included
 *	2026-11-27 08:00 .. 2026-11-28 22:00   start and end
 *	2026-11-27 08:00-22:00                 the same day; an end not after the start
 *	                                       is on the next day
 *	yearly 12-24 .. 12-26                  the same, every year
 *	yearly 12-31 20:00 .. 01-01 03:00      into the next year
 *	yearly 02-29                           in leap years only; as an end, the last
 *	                                       of the month in other years
 *
 * Times are the local clock's. Pure; safe from any thread.
 */
#ifndef CONTROLLER_STACKS_EVENT_WHEN_H
#define CONTROLLER_STACKS_EVENT_WHEN_H

#include "calendar.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_point {
	int year, month, day; /* year 0: every year */
	int minute;           /* of the day, 0 to 1440 */
};

struct event_when {
	struct event_point from, to; /* [from, to) */
	bool is_yearly;
};

int event_when_parse(const char *text, struct event_when *ret,
		     struct err *err) MUST_CHECK;

/*
 * Called for each span that overlaps [from, to), as Unix ms; a negative result stops it
 * and is returned.
 */
typedef int event_when_fn(void *arg, int64_t start_ms, int64_t end_ms);
int event_when_each(const struct event_when *w, const struct tz *zone, int64_t from_ms,
		    int64_t to_ms, event_when_fn *fn, void *arg) MUST_CHECK;

#endif
