/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ical_time.h - the times of an iCalendar file as Unix times. For ical.c alone.
 */
#ifndef COMMON_CALENDAR_ICAL_TIME_H
#define COMMON_CALENDAR_ICAL_TIME_H

#include "err.h"
#include "tz.h"

#include <libical/ical.h>

#include <stdint.h>

#define ICAL_ZONES_MAX 32
#define ICAL_YEAR_MIN 1900
#define ICAL_YEAR_MAX 2200

/* The zones that a file names; initially all zero but the first two. */
struct ical_zones {
	const struct tz *local;  /* of floating times */
	icalcomponent *calendar; /* whose VTIMEZONEs are used */
	struct {
		const char *id; /* libical's */
		struct tz *zone;
	} v[ICAL_ZONES_MAX];
	size_t n;
};

/* What a time is given in: one of the two, or neither for UTC and floating times. */
struct ical_clock {
	const struct tz *zone;
	icaltimezone *own; /* of the file's VTIMEZONE */
};

/* The first property of a kind; NULL when there is none. */
icalproperty *ical_first(icalcomponent *c, icalproperty_kind kind);
/* ERR_INVAL unless t is a date within the years that are read. */
int ical_check_time(struct icaltimetype t, struct err *err) MUST_CHECK;

/* The clock of a property that holds a time; ERR_INVAL for an unknown TZID. */
int ical_zones_clock(struct ical_zones *z, icalproperty *p, struct icaltimetype t,
		     struct ical_clock *ret, struct err *err) MUST_CHECK;
void ical_zones_done(struct ical_zones *z);
DEFINE_CLEANUP_OBJECT(struct ical_zones, ical_zones_done);

/* The fields as ms of that clock; a date is its midnight. */
int64_t ical_local_ms(struct icaltimetype t);
int64_t ical_unix_ms(const struct ical_clock *c, struct icaltimetype t);

/* The VTIMEZONEs of a calendar can be expanded in bounded time. */
int ical_zones_check(icalcomponent *calendar, struct err *err) MUST_CHECK;

#endif
