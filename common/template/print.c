/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values printed as Go's %v, floats in their shortest form, and as JSON. */
#include "value.h"

#include "check.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits and exponent of the shortest number that reads back as f. */
struct decimal {
	char digits[24];
	int n;
	int exp10; /* of the first digit */
};

static struct decimal shortest(double f)
{
	struct decimal d = { .n = 0 };
	char text[40];
	const char *e;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, f);
		if (strtod(text, NULL) == f)
			break;
	}
	e = strchr(text, 'e');
	d.exp10 = (int)strtol(e + 1, NULL, 10);
	for (const char *p = text; p < e; p++)
		if (*p >= '0' && *p <= '9')
			d.digits[d.n++] = *p;
	return d;
}

static void print_special(struct buf *out, double f)
{
	buf_puts(out, isnan(f) ? "NaN" : f > 0 ? "+Inf" : "-Inf");
}

static void put_exponential(struct buf *out, const struct decimal *d, bool json)
{
	buf_putc(out, d->digits[0]);
	if (d->n > 1) {
		buf_putc(out, '.');
		buf_add(out, d->digits + 1, (size_t)d->n - 1);
	}
	/* JSON of Go writes e-7 where fmt writes e-07. */
	buf_printf(out, json ? "e%+d" : "e%+03d", d->exp10);
}

static void put_plain(struct buf *out, const struct decimal *d)
{
	int i = 0;

	if (d->exp10 < 0) {
		buf_puts(out, "0.");
		for (int z = -1; z > d->exp10; z--)
			buf_putc(out, '0');
	}
	for (; i <= d->exp10; i++)
		buf_putc(out, i < d->n ? d->digits[i] : '0');
	if (d->exp10 >= 0 && i < d->n)
		buf_putc(out, '.');
	for (; i < d->n; i++)
		buf_putc(out, d->digits[i]);
}

static void print_float(struct buf *out, double f, int exp_min, int exp_max, bool json)
{
	struct decimal d;

	if (!isfinite(f)) {
		print_special(out, f);
		return;
	}
	if (signbit(f))
		buf_putc(out, '-');
	d = shortest(fabs(f));
	if (f != 0 && (d.exp10 < exp_min || d.exp10 >= exp_max))
		put_exponential(out, &d, json);
	else
		put_plain(out, &d);
}

void tval_print_float(struct buf *out, double f)
{
	print_float(out, f, -4, 6, false);
}

void tval_print(struct buf *out, const struct tval *v)
{
	switch (v->kind) {
	case TV_NIL:
		buf_puts(out, "<nil>");
		break;
	case TV_BOOL:
		buf_puts(out, v->b ? "true" : "false");
		break;
	case TV_INT:
		buf_printf(out, "%lld", (long long)v->i);
		break;
	case TV_FLOAT:
		tval_print_float(out, v->f);
		break;
	case TV_STRING:
		buf_add(out, v->str.s, v->str.n);
		break;
	case TV_LIST:
		buf_putc(out, '[');
		for (size_t i = 0; i < v->list->n && !buf_is_full(out); i++) {
			if (i)
				buf_putc(out, ' ');
			tval_print(out, &v->list->v[i]);
		}
		buf_putc(out, ']');
		break;
	case TV_MAP:
	case TV_STRUCT:
		buf_puts(out, v->kind == TV_MAP ? "map[" : "{");
		for (size_t i = 0; i < v->map->n && !buf_is_full(out); i++) {
			if (i)
				buf_putc(out, ' ');
			if (v->kind == TV_MAP) {
				buf_add(out, v->map->m[i].key.s, v->map->m[i].key.n);
				buf_putc(out, ':');
			}
			tval_print(out, &v->map->m[i].val);
		}
		buf_putc(out, v->kind == TV_MAP ? ']' : '}');
		break;
	case TV_TIME:
		template_time_format(
			out, v->i,
			(struct tstr){ .s = "2006-01-02 15:04:05.999999999 -0700 MST",
				       .n = 39 });
		break;
	}
}

/* ---------------------------------------------------------------- JSON */

static void put_json_string(struct buf *out, struct tstr s)
{
	uint32_t r;

	buf_putc(out, '"');
	for (size_t i = 0, n; i < s.n && !buf_is_full(out); i += n) {
		n = utf8_rune(s.s + i, s.n - i, &r);
		if (r == '"' || r == '\\')
			buf_printf(out, "\\%c", (char)r);
		else if (r == '\n')
			buf_puts(out, "\\n");
		else if (r == '\r')
			buf_puts(out, "\\r");
		else if (r == '\t')
			buf_puts(out, "\\t");
		else if (r < 0x20 || r == '<' || r == '>' || r == '&' || r == 0x2028 ||
			 r == 0x2029)
			buf_printf(out, "\\u%04x", r);
		else if (r == 0xfffd && n == 1)
			buf_puts(out, "\\ufffd");
		else
			buf_add(out, s.s + i, n);
	}
	buf_putc(out, '"');
}

static void put_json_members(struct buf *out, const struct tmap *m)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < m->n && !buf_is_full(out); i++) {
		if (i)
			buf_putc(out, ',');
		put_json_string(out, m->m[i].key);
		buf_putc(out, ':');
		tval_to_json(out, &m->m[i].val);
	}
	buf_putc(out, '}');
}

void tval_to_json(struct buf *out, const struct tval *v)
{
	switch (v->kind) {
	case TV_NIL:
		buf_puts(out, "null");
		break;
	case TV_BOOL:
	case TV_INT:
		tval_print(out, v);
		break;
	case TV_FLOAT:
		print_float(out, v->f, -6, 21, true);
		break;
	case TV_STRING:
		put_json_string(out, v->str);
		break;
	case TV_LIST:
		buf_putc(out, '[');
		for (size_t i = 0; i < v->list->n && !buf_is_full(out); i++) {
			if (i)
				buf_putc(out, ',');
			tval_to_json(out, &v->list->v[i]);
		}
		buf_putc(out, ']');
		break;
	case TV_MAP:
	case TV_STRUCT:
		put_json_members(out, v->map);
		break;
	case TV_TIME:
		buf_putc(out, '"');
		template_time_format(
			out, v->i,
			(struct tstr){ .s = "2006-01-02T15:04:05.999999999Z07:00",
				       .n = 35 });
		buf_putc(out, '"');
		break;
	}
}
