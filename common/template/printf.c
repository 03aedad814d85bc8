/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fmt.Sprintf of Go, for the kinds of values that templates have. */
#include "check.h"
#include "utf8.h"
#include "verb.h"

#include <ctype.h>
#include <string.h>

static void put_verb(struct buf *out, const struct tverb *verb, const struct tval *v);

static void bad_verb(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	char text[64];

	buf_puts(out, "%!");
	utf8_put(out, verb->c);
	buf_putc(out, '(');
	if (v->kind == TV_NIL) {
		buf_puts(out, "<nil>");
	} else {
		struct tverb plain = *verb;

		/* Width and flags apply to the value too. */
		plain.c = 'v';
		buf_printf(out, "%s=", tval_type(v, text));
		put_verb(out, &plain, v);
	}
	buf_putc(out, ')');
}

static void put_element(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	if (v->kind == TV_NIL)
		buf_puts(out, "<nil>");
	else
		put_verb(out, verb, v);
}

static void verb_elements(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	bool list = v->kind == TV_LIST;
	size_t n = list ? v->list->n : v->map->n;

	buf_puts(out, list ? "[" : v->kind == TV_MAP ? "map[" : "{");
	for (size_t i = 0; i < n && !buf_is_full(out); i++) {
		if (i)
			buf_putc(out, ' ');
		if (v->kind == TV_MAP) {
			put_verb(out, verb,
				 &(struct tval){ .kind = TV_STRING,
						 .str = v->map->m[i].key });
			buf_putc(out, ':');
		}
		if (v->kind == TV_STRUCT && verb->plus_v) {
			buf_puts(out, v->map->m[i].key.s);
			buf_putc(out, ':');
		}
		put_element(out, verb, list ? &v->list->v[i] : &v->map->m[i].val);
	}
	buf_putc(out, list || v->kind == TV_MAP ? ']' : '}');
}

static void put_plain(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 128);
	tval_print(&b, v);
	tverb_padded(out, verb, buf_str(&b), b.len, false);
}

static void put_verb(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	bool known = true;
	char text[64];

	if (verb->c == 'T') {
		const char *name = tval_type(v, text);

		tverb_padded(out, verb, name, strlen(name), false);
		return;
	}
	switch (v->kind) {
	case TV_NIL:
		known = verb->c == 'v';
		if (known)
			put_plain(out, verb, v);
		break;
	case TV_BOOL:
		known = verb->c == 'v' || verb->c == 't';
		if (known)
			put_plain(out, verb, v);
		break;
	case TV_INT:
		known = tverb_int(out, verb, v);
		break;
	case TV_FLOAT:
		known = tverb_float(out, verb, v);
		break;
	case TV_STRING:
		known = tverb_string(out, verb, v);
		break;
	case TV_LIST:
	case TV_MAP:
	case TV_STRUCT:
		verb_elements(out, verb, v);
		break;
	case TV_TIME:
		put_plain(out, verb, v);
		break;
	}
	if (!known)
		bad_verb(out, verb, v);
}

/* ---------------------------------------------------------------- the format */

struct reader {
	const char *p, *end;
	const struct tval *args;
	size_t n, next;
};

/* A number or "*" at the reader; false when there is none. */
static bool read_size(struct reader *r, int *ret)
{
	int n = 0;

	if (r->p < r->end && *r->p == '*') {
		r->p++;
		if (r->next >= r->n || r->args[r->next].kind != TV_INT)
			return false;
		n = (int)MIN(MAX(r->args[r->next].i, -TVERB_WIDTH_MAX), TVERB_WIDTH_MAX);
		r->next++;
		*ret = n;
		return true;
	}
	if (r->p >= r->end || !isdigit((unsigned char)*r->p))
		return false;
	while (r->p < r->end && isdigit((unsigned char)*r->p)) {
		n = MIN(n * 10 + (*r->p - '0'), TVERB_WIDTH_MAX);
		r->p++;
	}
	*ret = n;
	return true;
}

static void read_flags(struct reader *r, struct tverb *verb)
{
	for (; r->p < r->end; r->p++) {
		switch (*r->p) {
		case '-':
			verb->minus = true;
			break;
		case '+':
			verb->plus = true;
			break;
		case '#':
			verb->sharp = true;
			break;
		case ' ':
			verb->space = true;
			break;
		case '0':
			verb->zero = true;
			break;
		default:
			return;
		}
	}
}

/* After a "%"; false when the format ends before the verb. */
static bool read_verb(struct reader *r, struct tverb *verb)
{
	*verb = (struct tverb){ 0 };
	read_flags(r, verb);
	verb->has_width = read_size(r, &verb->width);
	if (verb->width < 0) {
		verb->minus = true;
		verb->width = -verb->width;
	}
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		verb->has_precision = true;
		(void)read_size(r, &verb->precision);
		if (verb->precision < 0)
			verb->has_precision = false;
	}
	if (r->p >= r->end)
		return false;
	r->p += utf8_rune(r->p, (size_t)(r->end - r->p), &verb->c);
	if (verb->c == 'v') {
		verb->plus_v = verb->plus;
		verb->plus = false;
	}
	return true;
}

static void put_extra(struct buf *out, const struct reader *r)
{
	char text[64];

	if (r->next >= r->n)
		return;
	buf_puts(out, "%!(EXTRA ");
	for (size_t i = r->next; i < r->n; i++) {
		if (i > r->next)
			buf_puts(out, ", ");
		if (r->args[i].kind != TV_NIL)
			buf_printf(out, "%s=", tval_type(&r->args[i], text));
		tval_print(out, &r->args[i]);
	}
	buf_putc(out, ')');
}

int template_printf(struct buf *out, struct tstr fmt, const struct tval *args, size_t n,
		    struct err *err)
{
	struct reader r = { .p = fmt.s, .end = fmt.s + fmt.n, .args = args, .n = n };
	struct tverb verb;

	while (r.p < r.end && !buf_is_full(out)) {
		const char *stop = memchr(r.p, '%', (size_t)(r.end - r.p));

		buf_add(out, r.p, (size_t)((stop ? stop : r.end) - r.p));
		r.p = stop ? stop + 1 : r.end;
		if (!stop)
			break;
		if (!read_verb(&r, &verb)) {
			buf_puts(out, "%!(NOVERB)");
		} else if (verb.c == '%') {
			buf_putc(out, '%');
		} else if (r.next >= n) {
			buf_puts(out, "%!");
			utf8_put(out, verb.c);
			buf_puts(out, "(MISSING)");
		} else {
			put_verb(out, &verb, &args[r.next++]);
		}
	}
	put_extra(out, &r);
	if (buf_is_full(out))
		return err_set(err, ERR_LIMIT, "the result is too long");
	return 0;
}
