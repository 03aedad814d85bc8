/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include "check.h"

#include <ctype.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Written once by clock_set_scale() before any thread starts. */
static double scale = 1.0;
static int64_t epoch_ms;
static _Atomic int64_t held_ms = -1; /* of a calendar that stands; -1: it runs */

static int64_t read_clock_us(clockid_t id)
{
	struct timespec ts;

	CHECK(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t read_clock(clockid_t id)
{
	return read_clock_us(id) / 1000;
}

int64_t clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_mono_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

int64_t clock_cpu_ms(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_now_ms(void)
{
	int64_t held = held_ms;
	int64_t wall;

	if (held >= 0)
		return held;
	wall = clock_wall_ms();
	if (scale == 1.0)
		return wall;
	return epoch_ms + (int64_t)((double)(wall - epoch_ms) * scale);
}

int64_t clock_steady_ms(void)
{
	int64_t held = held_ms;

	return held >= 0 ? held : (int64_t)((double)clock_mono_ms() * scale);
}

void clock_wait_begin(struct clock_wait *w, int64_t until_ms, int64_t most_ms)
{
	const int64_t left = MIN(MAX(until_ms - clock_now_ms(), 0), most_ms);

	*w = (struct clock_wait){ .until_ms = until_ms,
				  .most_ms = most_ms,
				  .steady_ms = clock_steady_ms() + left };
}

int64_t clock_wait_left_ms(const struct clock_wait *w)
{
	const int64_t calendar = w->until_ms - clock_now_ms();
	const int64_t steady = w->most_ms ? w->steady_ms - clock_steady_ms() : 0;

	return MAX(MAX(steady, calendar > w->most_ms ? 0 : calendar), 0);
}

void clock_set_scale(double s, int64_t epoch)
{
	CHECK(s >= 1.0 && s <= 10000.0);
	scale = s;
	epoch_ms = epoch;
}

void clock_hold(int64_t ms)
{
	held_ms = ms;
}

double clock_scale(void)
{
	return scale;
}

int64_t clock_epoch_ms(void)
{
	return epoch_ms;
}

int64_t clock_real_ms(int64_t calendar_ms)
{
	int64_t real = (int64_t)((double)calendar_ms / scale);

	return calendar_ms > 0 && real < 1 ? 1 : real;
}

const char *clock_format(int64_t unix_ms, char text[CLOCK_TEXT])
{
	int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
	time_t s = (time_t)((unix_ms - ms) / 1000);
	struct tm tm;
	size_t n;

	if (!gmtime_r(&s, &tm) || tm.tm_year + 1900 > 9999) {
		snprintf(text, CLOCK_TEXT, "invalid-time");
		return text;
	}
	n = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, CLOCK_TEXT - n, ".%03dZ", (int)ms);
	return text;
}

#define LAST_MS INT64_C(253402300799999) /* of the year 9999 */

static int bad_time(const char *text, struct err *err)
{
	return err_set(err, ERR_INVAL,
		       "'%.64s' is not a time from 1970 to 9999: give RFC 3339 "
		       "(2026-01-31T12:00:00Z) or Unix seconds",
		       text);
}

static int parse_unix_seconds(const char *text, int64_t *ret_ms, struct err *err)
{
	char *end;
	double s;

	/* strtod() reads more than decimal numbers. */
	if (!isdigit((unsigned char)*text) ||
	    strspn(text, "0123456789.eE+") != strlen(text))
		return bad_time(text, err);
	s = strtod(text, &end);
	if (*end || !(s * 1000 <= (double)LAST_MS))
		return bad_time(text, err);
	*ret_ms = (int64_t)llround(s * 1000);
	return 0;
}

/* n digits, at most four. */
static bool take_number(const char **p, int n, int *ret)
{
	*ret = 0;
	for (; n > 0; n--, ++*p) {
		if (!isdigit((unsigned char)**p))
			return false;
		*ret = *ret * 10 + (**p - '0');
	}
	return true;
}

static bool take_char(const char **p, char c)
{
	return tolower((unsigned char)**p) == c && (*p)++;
}

/* The part after the seconds: an optional fraction, then Z or +hh:mm. */
static bool take_tail(const char **p, int64_t *ret_ms)
{
	int hours, minutes, sign = 1;

	*ret_ms = 0;
	if (take_char(p, '.')) {
		int64_t unit = 100;

		if (!isdigit((unsigned char)**p))
			return false;
		for (; isdigit((unsigned char)**p); ++*p, unit /= 10)
			*ret_ms += unit * (**p - '0');
	}
	if (take_char(p, 'z'))
		return true;
	if (take_char(p, '-'))
		sign = -1;
	else if (!take_char(p, '+'))
		return false;
	if (!take_number(p, 2, &hours) || !take_char(p, ':') ||
	    !take_number(p, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_ms -= sign * (hours * 60 + minutes) * (int64_t)60000;
	return true;
}

/* A day that is in the calendar, and no leap second, which Unix time does not have. */
static bool is_date(const struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const int y = tm->tm_year;
	const bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	return tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= days[tm->tm_mon - 1] + (tm->tm_mon == 2 && is_leap) &&
	       tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

int clock_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *p = text;
	struct tm tm = { 0 };
	int64_t tail_ms, ms;

	if (!strchr(text, 'T') && !strchr(text, 't'))
		return parse_unix_seconds(text, ret_ms, err);
	if (!take_number(&p, 4, &tm.tm_year) || !take_char(&p, '-') ||
	    !take_number(&p, 2, &tm.tm_mon) || !take_char(&p, '-') ||
	    !take_number(&p, 2, &tm.tm_mday) || !take_char(&p, 't') ||
	    !take_number(&p, 2, &tm.tm_hour) || !take_char(&p, ':') ||
	    !take_number(&p, 2, &tm.tm_min) || !take_char(&p, ':') ||
	    !take_number(&p, 2, &tm.tm_sec) || !take_tail(&p, &tail_ms) || *p ||
	    !is_date(&tm))
		return bad_time(text, err);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	ms = (int64_t)timegm(&tm) * 1000 + tail_ms;
	if (ms < 0 || ms > LAST_MS)
		return bad_time(text, err);
	*ret_ms = ms;
	return 0;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

static int64_t unit_ms(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == len &&
		    strncmp(units[i].name, name, len) == 0)
			return units[i].ms;
	return 0;
}

int clock_parse_duration(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *p = text;
	double total = 0;

	if (strcmp(text, "0") == 0) {
		*ret_ms = 0;
		return 0;
	}
	while (*p) {
		char *end;
		size_t len = 0;
		int64_t unit;
		double n;

		if (!isdigit((unsigned char)*p) || tolower((unsigned char)p[1]) == 'x')
			break;
		n = strtod(p, &end);
		while (isalpha((unsigned char)end[len]))
			len++;
		unit = unit_ms(end, len);
		if (unit == 0)
			break;
		total += n * (double)unit;
		p = end + len;
	}
	if (*p || p == text || total > 3.2e12)
		return err_set(
			err, ERR_INVAL,
			"'%s' is not a duration: write it like 90s, 5m, 1h30m or 2d",
			text);
	*ret_ms = (int64_t)llround(total);
	return 0;
}

const char *clock_format_duration(int64_t ms, char text[CLOCK_TEXT])
{
	size_t n = 0;

	if (ms == 0)
		snprintf(text, CLOCK_TEXT, "0s");
	if (ms < 0) {
		text[n++] = '-';
		ms = -ms;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units) && ms > 0 && n < CLOCK_TEXT; i++) {
		int64_t count = ms / units[i].ms;

		if (count)
			n += (size_t)snprintf(text + n, CLOCK_TEXT - n, "%lld%s",
					      (long long)count, units[i].name);
		ms %= units[i].ms;
	}
	return text;
}
