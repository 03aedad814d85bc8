/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tz_rule.h"

#include "civil.h"

#include <ctype.h>
#include <string.h>

#define DAY_S 86400

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool parse_name(const char **p)
{
	const char *s = *p;

	if (*s == '<') {
		s = strchr(s, '>');
		if (!s)
			return false;
		*p = s + 1;
		return true;
	}
	while (isalpha((unsigned char)*s))
		s++;
	if (s - *p < 3)
		return false;
	*p = s;
	return true;
}

static bool parse_int(const char **p, int max, int *ret)
{
	int x = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++) {
		x = x * 10 + (**p - '0');
		if (x > max)
			return false;
	}
	*ret = x;
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool parse_time(const char **p, int *ret)
{
	int sign = **p == '-' ? -1 : 1;
	int part[3] = { 0 };

	if (**p == '-' || **p == '+')
		(*p)++;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && **p != ':')
			break;
		*p += i > 0;
		if (!parse_int(p, i ? 59 : 167, &part[i]))
			return false;
	}
	*ret = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
	return true;
}

static bool parse_change(const char **p, struct tz_change *ret)
{
	bool ok;

	if (*(*p)++ != ',')
		return false;
	ret->time_s = 2 * 3600;
	if (**p == 'M') {
		ret->kind = MONTH_WEEK_DAY;
		(*p)++;
		ok = parse_int(p, 12, &ret->month) && *(*p)++ == '.' &&
		     parse_int(p, 5, &ret->week) && *(*p)++ == '.' &&
		     parse_int(p, 6, &ret->day) && ret->month > 0 && ret->week > 0;
	} else {
		ret->kind = **p == 'J' ? JULIAN : DAY_OF_YEAR;
		*p += **p == 'J';
		ok = parse_int(p, 365, &ret->day);
	}
	if (ok && **p == '/') {
		(*p)++;
		ok = parse_time(p, &ret->time_s);
	}
	return ok;
}

/* Offsets in the text count westwards. */
bool tz_rule_parse(const char *p, struct tz_rule *ret)
{
	struct tz_rule r = { 0 };

	if (!parse_name(&p) || !parse_time(&p, &r.standard_s))
		return false;
	r.standard_s = -r.standard_s;
	if (*p) {
		r.has_summer = true;
		r.summer_s = r.standard_s + 3600;
		if (!parse_name(&p))
			return false;
		if (*p != ',') {
			if (!parse_time(&p, &r.summer_s))
				return false;
			r.summer_s = -r.summer_s;
		}
		if (!parse_change(&p, &r.begin) || !parse_change(&p, &r.end) || *p)
			return false;
	}
	*ret = r;
	return true;
}

/* The local time of the change in that year, in seconds since 1970. */
static int64_t change_at(const struct tz_change *c, int year)
{
	int64_t first = tz_day_number(year, 1, 1);
	int64_t day;

	if (c->kind == JULIAN) { /* 29 February is never counted */
		day = first + c->day - 1 + (is_leap(year) && c->day >= 60);
	} else if (c->kind == DAY_OF_YEAR) {
		day = first + c->day;
	} else {
		int64_t month = tz_day_number(year, c->month, 1);
		int64_t next = c->month < 12 ? tz_day_number(year, c->month + 1, 1)
					     : tz_day_number(year + 1, 1, 1);
		int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 0 is Sunday here */

		day = month + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
		while (day >= next)
			day -= 7;
	}
	return day * DAY_S + c->time_s;
}

int32_t tz_rule_offset(const struct tz_rule *r, int64_t unix_s)
{
	struct tz_civil c;
	int64_t begin, end;
	bool is_summer;

	if (!r->has_summer)
		return r->standard_s;
	c.day_number = tz_floor_div(unix_s + r->standard_s, DAY_S);
	tz_civil_set_date(&c);
	begin = change_at(&r->begin, c.year) - r->standard_s;
	end = change_at(&r->end, c.year) - r->summer_s;
	is_summer = begin < end ? unix_s >= begin && unix_s < end
				: unix_s >= begin || unix_s < end;
	return is_summer ? r->summer_s : r->standard_s;
}
