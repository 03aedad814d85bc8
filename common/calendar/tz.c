/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tz.h"

#include "check.h"
#include "sorted.h"
#include "text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_FILE_MAX (256 << 10)
#define DAY_S 86400

/* When a rule changes the clock: a day of the year and a local time. */
struct change {
	enum { JULIAN, DAY_OF_YEAR, MONTH_WEEK_DAY } kind;
	int month, week, day;
	int time_s;
};

/* What holds behind the last transition. */
struct rule {
	bool has_summer;
	int standard_s, summer_s; /* offsets */
	struct change begin, end; /* of summer time */
};

struct tz {
	size_t n;
	int64_t *at_s;     /* [n] transitions, ascending */
	int32_t *offset_s; /* [n] in force from there on */
	int32_t first_s;   /* before the first */
	bool has_rule;
	struct rule rule;
};

void tz_free(struct tz *z)
{
	if (!z)
		return;
	free(z->at_s);
	free(z->offset_s);
	free(z);
}

/* ---------------------------------------------------------------- calendar */

/* Days in years before year, counted from 0000-03-01, so that leap days end a year. */
int64_t tz_day_number(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * m + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void set_date(struct tz_civil *c)
{
	int64_t days = c->day_number + 719468;
	int64_t era = floor_div(days, 146097);
	int64_t day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * of_year + 2) / 153;

	c->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = (int)(year + era * 400 + (c->month <= 2));
}

void tz_civil(const struct tz *z, int64_t unix_ms, struct tz_civil *ret)
{
	int64_t local_s = floor_div(unix_ms + tz_offset_ms(z, unix_ms), 1000);

	ret->day_number = floor_div(local_s, DAY_S);
	ret->minute = (int)((local_s - ret->day_number * DAY_S) / 60);
	/* 1970-01-01 was a Thursday. */
	ret->weekday = (int)(((ret->day_number + 3) % 7 + 7) % 7);
	set_date(ret);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* ---------------------------------------------------------------- the rule */

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

static bool parse_change(const char **p, struct change *ret)
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

/* "CET-1CEST,M3.5.0,M10.5.0/3"; offsets there count westwards. */
static bool parse_rule(const char *p, struct rule *ret)
{
	struct rule r = { 0 };

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
static int64_t change_at(const struct change *c, int year)
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

static int32_t rule_offset(const struct rule *r, int64_t unix_s)
{
	struct tz_civil c;
	int64_t begin, end;
	bool is_summer;

	if (!r->has_summer)
		return r->standard_s;
	c.day_number = floor_div(unix_s + r->standard_s, DAY_S);
	set_date(&c);
	begin = change_at(&r->begin, c.year) - r->standard_s;
	end = change_at(&r->end, c.year) - r->summer_s;
	is_summer = begin < end ? unix_s >= begin && unix_s < end
				: unix_s >= begin || unix_s < end;
	return is_summer ? r->summer_s : r->standard_s;
}

int64_t tz_offset_ms(const struct tz *z, int64_t unix_ms)
{
	int64_t unix_s = floor_div(unix_ms, 1000);
	size_t next; /* transition behind the time */

	if (!z)
		return 0;
	next = SORTED_PLACE(z->n, i, z->at_s[i] <= unix_s);
	if (next == z->n && z->has_rule)
		return (int64_t)rule_offset(&z->rule, unix_s) * 1000;
	return (int64_t)(next ? z->offset_s[next - 1] : z->first_s) * 1000;
}

/* A clock is changed once a day at most, so a day's distance tells both offsets. */
int64_t tz_unix_ms(const struct tz *z, int64_t local_ms)
{
	const int64_t before = tz_offset_ms(z, local_ms - DAY_S * 1000);
	const int64_t after = tz_offset_ms(z, local_ms + DAY_S * 1000);

	if (tz_offset_ms(z, local_ms - before) != before &&
	    tz_offset_ms(z, local_ms - after) == after)
		return local_ms - after;
	return local_ms - before;
}

/* ---------------------------------------------------------------- files */

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++)
		x = x << 8 | p[i];
	return x;
}

/* One header and the sizes of the parts behind it. */
struct block {
	const unsigned char *data; /* behind the header */
	size_t transitions, types, chars, leaps, standards, utcs;
	size_t time_bytes; /* 4 in the first block, 8 in the second */
	size_t len;        /* of data */
};

static bool read_block(const unsigned char *p, size_t len, size_t time_bytes,
		       struct block *ret)
{
	struct block b = { .data = p + 44, .time_bytes = time_bytes };

	if (len < 44 || memcmp(p, "TZif", 4) != 0)
		return false;
	b.utcs = big_endian(p + 20, 4);
	b.standards = big_endian(p + 24, 4);
	b.leaps = big_endian(p + 28, 4);
	b.transitions = big_endian(p + 32, 4);
	b.types = big_endian(p + 36, 4);
	b.chars = big_endian(p + 40, 4);
	b.len = b.transitions * (time_bytes + 1) + b.types * 6 + b.chars +
		b.leaps * (time_bytes + 4) + b.standards + b.utcs;
	*ret = b;
	return b.len <= len - 44 && b.types > 0;
}

/* Offset of a local time type, with sign. */
static int32_t type_offset(const struct block *b, size_t type)
{
	const unsigned char *types = b->data + b->transitions * (b->time_bytes + 1);

	return (int32_t)(uint32_t)big_endian(types + type * 6, 4);
}

static bool read_transitions(const struct block *b, struct tz *z)
{
	const unsigned char *index = b->data + b->transitions * b->time_bytes;

	z->first_s = type_offset(b, 0);
	z->n = b->transitions;
	z->at_s = xcalloc(z->n + 1, sizeof(*z->at_s));
	z->offset_s = xcalloc(z->n + 1, sizeof(*z->offset_s));
	for (size_t i = 0; i < z->n; i++) {
		uint64_t at = big_endian(b->data + i * b->time_bytes, b->time_bytes);

		z->at_s[i] =
			b->time_bytes == 4 ? (int64_t)(int32_t)(uint32_t)at : (int64_t)at;
		if (index[i] >= b->types || (i > 0 && z->at_s[i] <= z->at_s[i - 1]))
			return false;
		z->offset_s[i] = type_offset(b, index[i]);
	}
	return true;
}

static void read_footer(const unsigned char *p, size_t len, struct tz *z)
{
	char text[128];
	const unsigned char *end;

	if (len < 2 || *p != '\n')
		return;
	end = memchr(p + 1, '\n', len - 1);
	if (!end || (size_t)(end - p) > sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)(end - p - 1), (const char *)p + 1);
	z->has_rule = parse_rule(text, &z->rule);
}

int tz_parse(const void *data, size_t len, struct tz **ret, struct err *err)
{
	CLEANUP(tz_free) struct tz *z = xcalloc(1, sizeof(*z));
	const unsigned char *p = data;
	struct block b;
	bool ok = read_block(p, len, 4, &b);
	bool has_second = ok && p[4] >= '2';

	if (has_second) {
		size_t used = 44 + b.len;

		p += used;
		len -= used;
		ok = read_block(p, len, 8, &b);
	}
	if (!ok || !read_transitions(&b, z))
		return err_set(err, ERR_PROTO, "this is no time zone file");
	if (has_second)
		read_footer(b.data + b.len, len - 44 - b.len, z);
	*ret = TAKE(z);
	return 0;
}

static bool is_zone_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_+-/", *p))
			return false;
	return isalpha((unsigned char)*name) && strlen(name) < 64;
}

int tz_open(const char *name, struct tz **ret, struct err *err)
{
	CLEANUP(free) char *data = NULL;
	char path[128];
	size_t len;
	int rc;

	if (!*name || strcmp(name, "UTC") == 0) {
		*ret = xcalloc(1, sizeof(**ret));
		return 0;
	}
	if (!is_zone_name(name))
		return err_set(err, ERR_INVAL, "'%.64s' is no name of a time zone", name);
	snprintf(path, sizeof(path), ZONE_FOLDER "/%s", name);
	rc = conf_read_file(path, ZONE_FILE_MAX, &data, &len, err);
	if (rc < 0)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no time zone '%s' on this machine", name);
	rc = tz_parse(data, len, ret, err);
	return rc < 0 ? err_wrap(err, rc, "time zone '%s'", name) : 0;
}
