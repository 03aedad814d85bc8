/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule_rule.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_MINUTES 1440
#define INSTANCES_MAX 100000

static const char *const day_names[] = {
	"mon", "tue", "wed", "thu", "fri", "sat", "sun"
};

/* The day at the beginning of *p, which is advanced past it; -1 when there is none. */
static int take_weekday(const char **p)
{
	for (int i = 0; i < 7; i++) {
		if (strncasecmp(*p, day_names[i], 3) == 0) {
			*p += 3;
			return i;
		}
	}
	return -1;
}

/* "mon", "mon-fri", "sat,sun", "fri-mon,wed", "daily" */
static bool parse_weekdays(const char *p, unsigned *ret)
{
	unsigned days = 0;

	if (strcasecmp(p, "daily") == 0) {
		*ret = 0x7f;
		return true;
	}
	for (;;) {
		int first = take_weekday(&p);
		int last = first;

		if (first >= 0 && *p == '-') {
			p++;
			last = take_weekday(&p);
		}
		if (first < 0 || last < 0)
			return false;
		for (int d = first;; d = (d + 1) % 7) {
			days |= 1u << d;
			if (d == last)
				break;
		}
		if (*p != ',')
			break;
		p++;
	}
	*ret = days;
	return *p == '\0';
}

static bool parse_date(const char *text, size_t len, int64_t *ret)
{
	int year, month, day, used = 0;
	char copy[16];

	if (len >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	if (sscanf(copy, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 ||
	    copy[used] || used != 10 || year < 1970 || month < 1 || month > 12 ||
	    day < 1 || day > 31)
		return false;
	*ret = tz_day_number(year, month, day);
	/* 31 February is the 3rd of March; a day that is not there is refused. */
	return *ret < (month < 12 ? tz_day_number(year, month + 1, 1)
				  : tz_day_number(year + 1, 1, 1));
}

/* "2026-12-24" or "2026-12-24..2026-12-26" */
static bool parse_dates(const char *p, struct calendar_rule *r)
{
	const char *dots = strstr(p, "..");

	if (!dots)
		return parse_date(p, strlen(p), &r->from_day) &&
		       parse_date(p, strlen(p), &r->to_day);
	return parse_date(p, (size_t)(dots - p), &r->from_day) &&
	       parse_date(dots + 2, strlen(dots + 2), &r->to_day) &&
	       r->from_day <= r->to_day;
}

/* "08:00-18:00"; 24:00 may end it */
static bool parse_hours(const char *p, struct calendar_rule *r)
{
	int h1, m1, h2, m2, used = 0;

	if (sscanf(p, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &used) != 4 || p[used] ||
	    h1 < 0 || h1 > 23 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 ||
	    m2 > 59 || (h2 == 24 && m2))
		return false;
	r->start_minute = h1 * 60 + m1;
	r->end_minute = (h2 * 60 + m2) % DAY_MINUTES;
	return true;
}

static int parse_bound(const char *word, struct calendar_rule *r, struct err *err)
{
	int64_t *place = strncmp(word, "min=", 4) == 0   ? &r->min
			 : strncmp(word, "max=", 4) == 0 ? &r->max
							 : NULL;
	int rc;

	if (!place)
		return err_set(err, ERR_INVAL,
			       "'%s' is neither days, dates, hours, min= nor max=", word);
	if (*place >= 0)
		return err_set(err, ERR_INVAL, "'%.4s' is given twice", word);
	rc = conf_parse_int(word + 4, place, err);
	if (rc == 0 && (*place < 0 || *place > INSTANCES_MAX))
		return err_set(err, ERR_INVAL, "'%s' must be from 0 to %d", word,
			       INSTANCES_MAX);
	return rc;
}

/* i counts the words after the name. */
static int parse_word(const char *word, int i, struct calendar_rule *r, struct err *err)
{
	if (i == 0) {
		if (isdigit((unsigned char)*word) ? parse_dates(word, r)
						  : parse_weekdays(word, &r->weekdays))
			return 0;
		return err_set(
			err, ERR_INVAL,
			"'%s' are no days: write mon-fri, sat,sun, daily, 2026-12-24 or "
			"2026-12-24..2026-12-26",
			word);
	}
	if (i == 1 && isdigit((unsigned char)*word)) {
		if (parse_hours(word, r))
			return 0;
		return err_set(err, ERR_INVAL, "'%s' are no hours: write 08:00-18:00",
			       word);
	}
	return parse_bound(word, r, err);
}

static int parse_name(const char *text, size_t len, struct calendar_rule *r,
		      struct err *err)
{
	if (len == 0 || len > 40)
		return err_set(err, ERR_INVAL, "a schedule begins with NAME:");
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_", text[i]))
			return err_set(err, ERR_INVAL, "'%.*s' is no name of a schedule",
				       (int)len, text);
	r->name = xstrndup(text, len);
	return 0;
}

int schedule_rule_parse(const char *text, struct calendar_rule *r, struct err *err)
{
	const char *colon = strchr(text, ':');
	CLEANUP(free) char *copy = colon ? xstrdup(colon + 1) : NULL;
	char *next = copy;
	char *word;
	int i = 0;
	int rc = parse_name(text, colon ? (size_t)(colon - text) : 0, r, err);

	while (rc == 0 && (word = strsep(&next, " \t")))
		if (*word)
			rc = parse_word(word, i++, r, err);
	if (rc == 0 && i == 0)
		return err_set(err, ERR_INVAL, "the days are missing");
	if (rc == 0 && r->min < 0 && r->max < 0)
		return err_set(err, ERR_INVAL, "min= or max= is missing");
	if (rc == 0 && r->max >= 0 && r->min > r->max)
		return err_set(err, ERR_INVAL, "min is larger than max");
	return rc;
}
