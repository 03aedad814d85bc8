/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include "check.h"
#include "schedule_rule.h"

#include <string.h>

#define MINUTE_MS 60000
#define DAY_MINUTES 1440
#define WEEK_FROM_DAY 4       /* 1970-01-05 was a Monday */
#define OVERLAP_DAYS_MAX 3660 /* of one rule, looked at */

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

int calendar_add(struct calendar *c, const char *text, struct err *err)
{
	struct calendar_rule r = { .min = -1, .max = -1 };
	int rc;

	text += strspn(text, " \t");
	rc = schedule_rule_parse(text, &r, err);
	for (size_t i = 0; rc == 0 && i < c->n; i++)
		if (strcmp(c->rules[i].name, r.name) == 0)
			rc = err_set(err, ERR_INVAL, "duplicate name");
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

/* Days to look at: those of a rule by date and the next, or a week, from a Monday on. */
static void days_of(const struct calendar_rule *a, const struct calendar_rule *b,
		    int64_t *first, int64_t *last)
{
	const struct calendar_rule *dated = !a->weekdays ? a : !b->weekdays ? b : NULL;

	*first = dated ? dated->from_day : WEEK_FROM_DAY;
	*last = dated ? dated->to_day + 1 : WEEK_FROM_DAY + 6;
	*last = MIN(*last, *first + OVERLAP_DAYS_MAX);
}

bool calendar_overlap(const struct calendar_rule *a, const struct calendar_rule *b)
{
	/* Where both are in force, one of them has begun, or a day. */
	const int begins[] = { 0, a->start_minute, b->start_minute };
	int64_t first, last;

	days_of(a, b, &first, &last);
	for (int64_t day = first; day <= last; day++) {
		struct tz_civil t = { .day_number = day,
				      .weekday =
					      (int)((day - WEEK_FROM_DAY) % 7 + 7) % 7 };

		for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
			t.minute = begins[i];
			if (is_in_force(a, &t) && is_in_force(b, &t))
				return true;
		}
	}
	return false;
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
