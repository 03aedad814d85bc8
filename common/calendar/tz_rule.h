/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tz_rule.h - the POSIX rule after the last transition of a zone. For tz.c alone.
 */
#ifndef COMMON_CALENDAR_TZ_RULE_H
#define COMMON_CALENDAR_TZ_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* When a rule changes the clock: a day of the year and a local time. */
struct tz_change {
	enum { JULIAN, DAY_OF_YEAR, MONTH_WEEK_DAY } kind;
	int month, week, day;
	int time_s;
};

/* What holds after the last transition. */
struct tz_rule {
	bool has_summer;
	int standard_s, summer_s;    /* offsets */
	struct tz_change begin, end; /* of summer time */
};

/* "CET-1CEST,M3.5.0,M10.5.0/3"; false when it is malformed. */
bool tz_rule_parse(const char *text, struct tz_rule *ret);
/* Local time minus UTC, in seconds. */
int32_t tz_rule_offset(const struct tz_rule *r, int64_t unix_s);

#endif
