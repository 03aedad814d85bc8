/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MINUTE_MS 60000
#define DAY_MINUTES 1440
#define INSTANCES_MAX 100000

static void rule_done(struct calendar_rule *r)
{
	free(r->text);
	free(r->name);
}

void calendar_done(struct calendar *c)
{
	for (size_t i = 0; i < c->n; i++)
		rule_done(&c->rules[i]);
	free(c->rules);
	*c = (struct calendar){ 0 };
}

/* ---------------------------------------------------------------- reading */

static const char *const day_names[] = {
	"mon", "tue", "wed", "thu", "fri", "sat", "sun"
};

/* The day at the beginning of *p, which goes behind it; -1 when there is none. */
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

/* i counts the words behind the name. */
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

static int parse_rule(const char *text, struct calendar_rule *r, struct err *err)
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

int calendar_add(struct calendar *c, const char *text, struct err *err)
{
	struct calendar_rule r = { .min = -1, .max = -1 };
	int rc;

	text += strspn(text, " \t");
	rc = parse_rule(text, &r, err);
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		if (strcmp(c->rules[i].name, r.name) == 0)
			rc = err_set(err, ERR_INVAL, "the name is used twice");
	if (rc < 0) {
		rule_done(&r);
		return err_wrap(err, rc, "schedule '%.60s'", text);
	}
	r.text = xstrdup(text);
	c->rules = xrealloc(c->rules, (c->n + 1) * sizeof(*c->rules));
	c->rules[c->n++] = r;
	return 0;
}

json_t *calendar_format(const struct calendar *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, json_string(c->rules[i].text));
	return list;
}

int calendar_parse(const json_t *list, struct calendar *ret, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	const json_t *text;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return err_set(err, ERR_INVAL, "schedules must be a list");
	json_array_foreach(list, i, text)
	{
		int rc = json_is_string(text)
				 ? calendar_add(&c, json_string_value(text), err)
				 : err_set(err, ERR_INVAL, "a schedule must be a string");

		if (rc < 0)
			return rc;
	}
	*ret = c;
	c = (struct calendar){ 0 };
	return 0;
}

/* ---------------------------------------------------------------- asking */

static bool is_day(const struct calendar_rule *r, int64_t day_number, int weekday)
{
	if (r->weekdays)
		return r->weekdays & 1u << weekday;
	return day_number >= r->from_day && day_number <= r->to_day;
}

static bool is_in_force(const struct calendar_rule *r, const struct tz_civil *t)
{
	bool today = is_day(r, t->day_number, t->weekday);

	if (r->start_minute == r->end_minute)
		return today;
	if (r->start_minute < r->end_minute)
		return today && t->minute >= r->start_minute && t->minute < r->end_minute;
	return (today && t->minute >= r->start_minute) ||
	       (is_day(r, t->day_number - 1, (t->weekday + 6) % 7) &&
		t->minute < r->end_minute);
}

static void take_floors(const struct calendar *c, const struct tz_civil *t,
			struct calendar_bounds *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct calendar_rule *r = &c->rules[i];

		if (r->min > ret->floor && is_in_force(r, t)) {
			ret->floor = r->min;
			ret->floor_name = r->name;
		}
	}
}

static void take_ceilings(const struct calendar *c, const struct tz_civil *t,
			  struct calendar_bounds *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct calendar_rule *r = &c->rules[i];

		if (r->max >= 0 && (ret->ceiling < 0 || r->max < ret->ceiling) &&
		    is_in_force(r, t)) {
			ret->ceiling = r->max;
			ret->ceiling_name = r->name;
		}
	}
}

void calendar_bounds(const struct calendar *c, const struct tz *zone, int64_t now_ms,
		     int64_t ahead_ms, struct calendar_bounds *ret)
{
	int64_t minutes =
		MIN((MAX(ahead_ms, 0) + MINUTE_MS - 1) / MINUTE_MS, DAY_MINUTES);
	struct tz_civil t;

	*ret = (struct calendar_bounds){ .floor = -1, .ceiling = -1 };
	if (c->n == 0)
		return;
	tz_civil(zone, now_ms, &t);
	take_ceilings(c, &t, ret);
	for (int64_t i = 0; i <= minutes; i++) {
		tz_civil(zone, now_ms + MIN(i * MINUTE_MS, ahead_ms > 0 ? ahead_ms : 0),
			 &t);
		take_floors(c, &t, ret);
	}
}
