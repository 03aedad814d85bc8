/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\n\r"

static const struct {
	const char *name;
	int64_t us;
} spans[] = {
	{ "us", 1 },
	{ "usec", 1 },
	{ "ms", 1000 },
	{ "msec", 1000 },
	{ "", 1000000 },
	{ "s", 1000000 },
	{ "sec", 1000000 },
	{ "second", 1000000 },
	{ "seconds", 1000000 },
	{ "m", 60000000 },
	{ "min", 60000000 },
	{ "minute", 60000000 },
	{ "minutes", 60000000 },
	{ "h", 3600000000 },
	{ "hr", 3600000000 },
	{ "hour", 3600000000 },
	{ "hours", 3600000000 },
	{ "d", 86400000000 },
	{ "day", 86400000000 },
	{ "days", 86400000000 },
	{ "w", 604800000000 },
	{ "week", 604800000000 },
	{ "weeks", 604800000000 },
};

static int64_t span_us(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		if (strlen(spans[i].name) == len &&
		    strncmp(spans[i].name, name, len) == 0)
			return spans[i].us;
	return 0;
}

int unit_time_span(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *p = text + strspn(text, BLANKS);
	double total_us = 0;

	if (strcasecmp(p, "infinity") == 0) {
		*ret_ms = -1;
		return 0;
	}
	if (!*p)
		return err_set(err, ERR_INVAL, "a time span is empty");
	while (*p) {
		size_t len = 0;
		char *end;
		double n = strtod(p, &end);
		int64_t unit;

		end += strspn(end, BLANKS);
		while (isalpha((unsigned char)end[len]))
			len++;
		unit = span_us(end, len);
		if (!isdigit((unsigned char)*p) || unit == 0)
			return err_set(err, ERR_INVAL, "'%s' is not a time span", text);
		total_us += n * (double)unit;
		p = end + len + strspn(end + len, BLANKS);
	}
	if (total_us > 1e18)
		return err_set(err, ERR_INVAL, "'%s' is too long", text);
	*ret_ms = (int64_t)(total_us / 1000);
	return 0;
}

int unit_signal(const char *text, int *ret, struct err *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && !*end && n > 0 && n < 65) {
		*ret = (int)n;
		return 0;
	}
	for (int i = 1; i < 32; i++) {
		const char *abbrev = sigabbrev_np(i);

		if (abbrev && strcasecmp(abbrev, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (strncasecmp(name, "RTMIN", 5) == 0) {
		n = name[5] == '+' ? strtol(name + 6, &end, 10) : 0;
		*ret = SIGRTMIN + (int)n;
		if (*ret >= SIGRTMIN && *ret <= SIGRTMAX)
			return 0;
	}
	return err_set(err, ERR_INVAL, "'%s' is not a signal", text);
}
