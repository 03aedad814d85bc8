/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tz.h - time zones of the IANA database, read from the system's zoneinfo files.
 *
 * libc knows one zone per process (TZ), but each stack has its own. A zone is read once
 * and never changes, so it may be used from any thread.
 *
 * Source: RFC 8536 (TZif); POSIX.1-2017, 8.3 (the TZ rule after the last transition).
 */
#ifndef COMMON_CALENDAR_TZ_H
#define COMMON_CALENDAR_TZ_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

struct tz;

/*
 * Reads a zone by its name ("Europe/Stockholm"); "UTC" and "" need no file. The caller
 * owns *ret: tz_free(). ERR_INVAL for an invalid name, ERR_NOT_FOUND for an unknown
 * zone, ERR_PROTO for a file that is not a zone. Reads one small file.
 */
int tz_open(const char *name, struct tz **ret, struct err *err) MUST_CHECK;

/* The same from the contents of a zone file. */
int tz_parse(const void *data, size_t len, struct tz **ret, struct err *err) MUST_CHECK;

void tz_free(struct tz *z);
DEFINE_CLEANUP(struct tz *, tz_free);

/* Local time minus UTC at a Unix time, in ms; NULL is UTC. Cost O(log transitions). */
int64_t tz_offset_ms(const struct tz *z, int64_t unix_ms);

struct tz_civil {
	int year, month, day; /* 2026, 1 to 12, 1 to 31 */
	int weekday;          /* 0 is Monday */
	int minute;           /* of the day, 0 to 1439 */
	int64_t day_number;   /* local days since 1970-01-01 */
};

/* The calendar date and time of day at a Unix time in the zone. */
void tz_civil(const struct tz *z, int64_t unix_ms, struct tz_civil *ret);

/*
 * The Unix time at which the zone's clocks show a local time, given as ms since
 * 1970-01-01 00:00 of that clock. A time that is skipped by daylight saving is read with
 * the offset before the change; of a time that occurs twice the first is used (RFC
 * 5545, 3.3.5).
 */
int64_t tz_unix_ms(const struct tz *z, int64_t local_ms);

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
int64_t tz_day_number(int year, int month, int day);

#endif
