/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule.h - a tier's schedules: from when to when it shall have at least or at most
 * how many instances, by the local clock of its stack's time zone.
 *
 *	office: mon-fri 08:00-18:00 min=3 max=10
 *	nights: sat,sun 22:00-06:00 max=4
 *	christmas: 2026-12-24..2026-12-26 min=20
 *	sale: 2026-11-27 07:30-24:00 min=12
 *	always: daily 12:00-13:00 min=5
 *
 * A span whose end is not after its start continues into the next day. Hours are the
 * local clock's, so an hour that is skipped or repeated with daylight saving counts as
 * the clock shows it.
 *
 * Pure but for tz_open() of the zone; safe from any thread.
 */
#ifndef PREDICTOR_RULE_SCHEDULE_H
#define PREDICTOR_RULE_SCHEDULE_H

#include "calendar.h"
#include "cleanup.h"
#include "err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct calendar_rule {
	char *text; /* as it was written */
	char *name;
	unsigned weekdays;            /* bit 0 is Monday; 0: by date */
	int64_t from_day, to_day;     /* day numbers, both included */
	int start_minute, end_minute; /* of the day; equal: the whole day */
	int64_t min, max;             /* instances; -1: none given */
};

struct calendar {
	struct calendar_rule *rules;
	size_t n;
};

/* Adds a rule. ERR_INVAL for an invalid rule or a duplicate name. All zero is an empty
 * calendar. */
int calendar_add(struct calendar *c, const char *text, struct err *err) MUST_CHECK;
void calendar_done(struct calendar *c);
DEFINE_CLEANUP_OBJECT(struct calendar, calendar_done);

/* A list of the rules' texts and back; NULL and null are an empty list. */
json_t *calendar_format(const struct calendar *c);
int calendar_parse(const json_t *list, struct calendar *ret, struct err *err) MUST_CHECK;

/* Whether there is a moment at which both are in force. Cost O(days of one by date). */
bool calendar_overlap(const struct calendar_rule *a, const struct calendar_rule *b);

struct calendar_bounds {
	int64_t floor;            /* the highest min in force, -1 for none */
	const char *floor_name;   /* the rule's, NULL for none */
	int64_t ceiling;          /* the lowest max in force, -1 for none */
	const char *ceiling_name; /* likewise */
};

/*
 * What is in force at now_ms; of floors also what comes into force within ahead_ms, as
 * instances must be requested a lead time before they are needed. Cost O(rules *
 * minutes ahead); a day at most is looked ahead.
 */
void calendar_bounds(const struct calendar *c, const struct tz *zone, int64_t now_ms,
		     int64_t ahead_ms, struct calendar_bounds *ret);

#endif
