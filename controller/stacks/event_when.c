/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "event_when.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

#define DAY_MINUTES 1440
#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define LONGEST_DAYS 366

/* ---------------------------------------------------------------- reading */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Any year: the most days that it can have. */
static int days_in(int year, int month)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && year && !is_leap(year) ? 28 : days[month - 1];
}

static const char *skip(const char *p)
{
	return p + strspn(p, " \t");
}

/* "2026-11-27", or "11-27" of every year */
static bool take_date(const char **p, bool is_yearly, struct event_point *ret)
{
	int used = 0;

	ret->year = 0;
	if (is_yearly ? sscanf(*p, "%2d-%2d%n", &ret->month, &ret->day, &used) != 2 ||
				used != 5
		      : sscanf(*p, "%4d-%2d-%2d%n", &ret->year, &ret->month, &ret->day,
			       &used) != 3 ||
				used != 10 || ret->year < 1970)
		return false;
	if (ret->month < 1 || ret->month > 12 || ret->day < 1 ||
	    ret->day > days_in(ret->year, ret->month))
		return false;
	*p = skip(*p + used);
	return true;
}

/* "08:00" to "24:00" */
static bool take_time(const char **p, int *ret)
{
	int h, m, used = 0;

	if (sscanf(*p, "%2d:%2d%n", &h, &m, &used) != 2 || used != 5 || h < 0 || m < 0 ||
	    m > 59 || h * 60 + m > DAY_MINUTES)
		return false;
	*ret = h * 60 + m;
	*p = skip(*p + used);
	return true;
}

/* After "..": a date, a date and a time, or a time. */
static bool take_end(const char **p, bool has_start_time, struct event_when *w)
{
	int minute;

	if (take_time(p, &w->to.minute)) {
		/* On the same day, or the next when it is not after the start. */
		if (w->to.minute <= w->from.minute)
			w->to.minute += DAY_MINUTES;
		return has_start_time;
	}
	if (!take_date(p, w->is_yearly, &w->to))
		return false;
	w->to.minute = take_time(p, &minute) ? minute : DAY_MINUTES;
	return true;
}

static bool parse(const char *p, struct event_when *w)
{
	bool has_time;

	if (!take_date(&p, w->is_yearly, &w->from))
		return false;
	w->to = w->from;
	w->to.minute = DAY_MINUTES;
	has_time = take_time(&p, &w->from.minute) && w->from.minute < DAY_MINUTES;
	if (*p == '-' && has_time) {
		p = skip(p + 1);
		if (!take_time(&p, &w->to.minute))
			return false;
		if (w->to.minute <= w->from.minute)
			w->to.minute += DAY_MINUTES;
	} else if (strncmp(p, "..", 2) == 0) {
		p = skip(p + 2);
		if (!take_end(&p, has_time, w))
			return false;
	} else if (has_time) {
		return false;
	}
	return !*p;
}

/* In minutes of the local clock since 1970. */
static int64_t minutes_of(const struct event_point *t, int year)
{
	const int day = MIN(t->day, days_in(year, t->month));

	return tz_day_number(year, t->month, day) * DAY_MINUTES + t->minute;
}

int event_when_parse(const char *text, struct event_when *ret, struct err *err)
{
	struct event_when w = { .is_yearly = false };
	const char *p = skip(text);
	int64_t minutes;

	if (strncmp(p, "yearly", 6) == 0 && strchr(" \t", p[6])) {
		w.is_yearly = true;
		p = skip(p + 6);
	}
	if (!parse(p, &w))
		return err_set(err, ERR_INVAL,
			       "when = %.60s is not a time: write 2026-11-27, 2026-11-27 "
			       ".. 2026-11-29, 2026-11-27 08:00-22:00, 2026-11-27 08:00 "
			       ".. 2026-11-28 22:00, or yearly 12-24 .. 12-26",
			       text);
	if (w.is_yearly) {
		*ret = w;
		return 0;
	}
	minutes = minutes_of(&w.to, w.to.year) - minutes_of(&w.from, w.from.year);
	if (minutes <= 0)
		return err_set(err, ERR_INVAL, "when = %.60s ends before it begins",
			       text);
	if (minutes > LONGEST_DAYS * DAY_MINUTES)
		return err_set(err, ERR_LIMIT, "when = %.60s is longer than a year",
			       text);
	*ret = w;
	return 0;
}

/* ---------------------------------------------------------------- asking */

static int64_t unix_ms(const struct tz *zone, int64_t minutes)
{
	return tz_unix_ms(zone, minutes * MINUTE_MS);
}

/* The span that starts in the year; 0 when there is none (29 February). */
static int each_year(const struct event_when *w, const struct tz *zone, int year,
		     const int64_t window[2], event_when_fn *fn, void *arg)
{
	int64_t start, end;
	int64_t from = minutes_of(&w->from, year), to = minutes_of(&w->to, year);

	if (w->is_yearly && w->from.day > days_in(year, w->from.month))
		return 0;
	if (to <= from)
		to = minutes_of(&w->to, year + 1);
	start = unix_ms(zone, from);
	end = unix_ms(zone, to);
	return end > start && end > window[0] && start < window[1] ? fn(arg, start, end)
								   : 0;
}

static int each_once(const struct event_when *w, const struct tz *zone,
		     const int64_t window[2], event_when_fn *fn, void *arg)
{
	int64_t start = unix_ms(zone, minutes_of(&w->from, w->from.year));
	int64_t end = unix_ms(zone, minutes_of(&w->to, w->to.year));

	return end > start && end > window[0] && start < window[1] ? fn(arg, start, end)
								   : 0;
}

int event_when_each(const struct event_when *w, const struct tz *zone, int64_t from_ms,
		    int64_t to_ms, event_when_fn *fn, void *arg)
{
	const int64_t window[] = { from_ms, to_ms };
	struct tz_civil first, last;
	int rc = 0;

	if (!w->is_yearly)
		return each_once(w, zone, window, fn, arg);
	tz_civil(zone, from_ms, &first);
	tz_civil(zone, to_ms, &last);
	for (int year = first.year - 1; rc == 0 && year <= last.year; year++)
		rc = each_year(w, zone, year, window, fn, arg);
	return rc;
}
