/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tz.h"

#include "check.h"
#include "civil.h"
#include "sorted.h"
#include "text.h"
#include "tz_rule.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_FILE_MAX (256 << 10)
#define DAY_S 86400

struct tz {
	size_t n;
	int64_t *at_s;     /* [n] transitions, ascending */
	int32_t *offset_s; /* [n] in force from there on */
	int32_t first_s;   /* before the first */
	bool has_rule;
	struct tz_rule rule;
};

void tz_free(struct tz *z)
{
	if (!z)
		return;
	free(z->at_s);
	free(z->offset_s);
	free(z);
}

void tz_civil(const struct tz *z, int64_t unix_ms, struct tz_civil *ret)
{
	int64_t local_s = tz_floor_div(unix_ms + tz_offset_ms(z, unix_ms), 1000);

	ret->day_number = tz_floor_div(local_s, DAY_S);
	ret->minute = (int)((local_s - ret->day_number * DAY_S) / 60);
	/* 1970-01-01 was a Thursday. */
	ret->weekday = (int)(((ret->day_number + 3) % 7 + 7) % 7);
	tz_civil_set_date(ret);
}

int64_t tz_offset_ms(const struct tz *z, int64_t unix_ms)
{
	int64_t unix_s = tz_floor_div(unix_ms, 1000);
	size_t next; /* transition after the time */

	if (!z)
		return 0;
	next = SORTED_PLACE(z->n, i, z->at_s[i] <= unix_s);
	if (next == z->n && z->has_rule)
		return (int64_t)tz_rule_offset(&z->rule, unix_s) * 1000;
	return (int64_t)(next ? z->offset_s[next - 1] : z->first_s) * 1000;
}

/* A clock changes at most once a day, so a day before and after give both offsets. */
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

/* One header and the sizes of the parts after it. */
struct block {
	const unsigned char *data; /* after the header */
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
	z->has_rule = tz_rule_parse(text, &z->rule);
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
		return err_set(err, ERR_PROTO, "this is not a time zone file");
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
		return err_set(err, ERR_INVAL, "'%.64s' is not the name of a time zone",
			       name);
	snprintf(path, sizeof(path), ZONE_FOLDER "/%s", name);
	rc = conf_read_file(path, ZONE_FILE_MAX, &data, &len, err);
	if (rc < 0)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no time zone '%s' on this machine", name);
	rc = tz_parse(data, len, ret, err);
	return rc < 0 ? err_wrap(err, rc, "time zone '%s'", name) : 0;
}
