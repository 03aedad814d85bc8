/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include "check.h"

#include <ctype.h>
#include <errno.h>
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

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	CHECK(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
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

static int parse_unix_seconds(const char *text, int64_t *ret_ms, struct err *err)
{
	char *end;
	double s;

	errno = 0;
	s = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(s) || fabs(s) > 1e11)
		return err_set(err, ERR_INVAL,
			       "'%s' is not a time: give RFC 3339 (2026-01-31T12:00:00Z) "
			       "or Unix "
			       "seconds",
			       text);
	*ret_ms = (int64_t)llround(s * 1000);
	return 0;
}

/* The part after the seconds: an optional fraction, then Z or +hh:mm. */
static int parse_tail(const char *p, int64_t *ret_ms)
{
	int64_t ms = 0;
	int hours, minutes, used = 0;

	if (*p == '.') {
		int64_t unit = 100;

		if (!isdigit((unsigned char)*++p))
			return ERR_INVAL;
		for (; isdigit((unsigned char)*p); p++, unit /= 10)
			ms += unit * (*p - '0');
	}
	if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0) {
		*ret_ms = ms;
		return 0;
	}
	if ((*p != '+' && *p != '-') ||
	    sscanf(p + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || p[1 + used] ||
	    hours > 23 || minutes > 59)
		return ERR_INVAL;
	*ret_ms = ms - (*p == '-' ? -1 : 1) * (hours * 60 + minutes) * (int64_t)60000;
	return 0;
}

int clock_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	struct tm tm = { 0 };
	int64_t tail_ms;
	int used = 0;

	if (!strchr(text, 'T') && !strchr(text, 't'))
		return parse_unix_seconds(text, ret_ms, err);
	if (sscanf(text, "%4d-%2d-%2d%*1[Tt]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
	    !used || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 ||
	    parse_tail(text + used, &tail_ms) < 0)
		return err_set(
			err, ERR_INVAL,
			"'%s' is not an RFC 3339 time, such as 2026-01-31T12:00:00Z",
			text);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_ms = (int64_t)timegm(&tm) * 1000 + tail_ms;
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

		if (!isdigit((unsigned char)*p))
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
