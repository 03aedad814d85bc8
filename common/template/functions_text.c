/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confd's functions on paths and strings. */
#include "function.h"

#include "check.h"
#include "text.h"
#include "utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- paths */

TFUNC(fn_base)
{
	const char *s = a->str.s;
	size_t len = a->str.n, from;

	(void)n;
	(void)err;
	while (len > 1 && s[len - 1] == '/')
		len--;
	for (from = len; from > 0 && s[from - 1] != '/'; from--)
		;
	if (len == 0)
		*ret = tval_cstr(&x->pool, ".");
	else if (from == len)
		*ret = tval_cstr(&x->pool, "/");
	else
		*ret = tval_str(&x->pool, s + from, len - from);
	return 0;
}

/* Removes the last element after floor, or notes that there is none;
 * returns the new floor. */
static size_t step_up(struct buf *out, size_t floor, bool rooted)
{
	if (out->len == floor) {
		if (!rooted)
			buf_puts(out, out->len ? "/.." : "..");
		return out->len;
	}
	while (out->len > floor && out->data[out->len - 1] != '/')
		out->len--;
	if (out->len > floor)
		out->len--;
	out->data[out->len] = '\0';
	return floor;
}

/* path.Clean: no empty, "." or inner ".." elements. */
static void clean_path(struct buf *out, const char *s, size_t n)
{
	bool rooted = n > 0 && s[0] == '/';
	size_t floor;

	if (rooted)
		buf_putc(out, '/');
	floor = out->len;
	for (size_t i = 0, len; i < n; i += len + 1) {
		const char *slash = memchr(s + i, '/', n - i);

		len = slash ? (size_t)(slash - s) - i : n - i;
		if (len == 0 || (len == 1 && s[i] == '.'))
			continue;
		if (len == 2 && s[i] == '.' && s[i + 1] == '.') {
			floor = step_up(out, floor, rooted);
			continue;
		}
		if (out->len > (size_t)rooted)
			buf_putc(out, '/');
		buf_add(out, s + i, len);
	}
	if (out->len == 0)
		buf_putc(out, '.');
}

TFUNC(fn_dir)
{
	CLEANUP(buf_done) struct buf b;
	size_t len = a->str.n;

	(void)n;
	buf_init(&b, TSTR_MAX);
	while (len > 0 && a->str.s[len - 1] != '/')
		len--;
	clean_path(&b, a->str.s, len);
	return tval_from_buf(&x->pool, &b, ret, err);
}

/* ---------------------------------------------------------------- strings */

static void split_characters(struct tpool *p, struct tstr s, struct tlist *l)
{
	uint32_t r;

	for (size_t i = 0, len; i < s.n; i += len) {
		len = utf8_rune(s.s + i, s.n - i, &r);
		tlist_add(p, l, tval_str(p, s.s + i, len));
	}
}

TFUNC(fn_split)
{
	struct tpool *p = &x->pool;
	struct tstr s = a[0].str, by = a[1].str;
	const char *hit;

	(void)n;
	(void)err;
	*ret = tval_list(p, "string");
	if (by.n == 0) {
		split_characters(p, s, ret->list);
		return 0;
	}
	while ((hit = memmem(s.s, s.n, by.s, by.n)) && !tpool_is_full(p)) {
		size_t len = (size_t)(hit - s.s);

		tlist_add(p, ret->list, tval_str(p, s.s, len));
		s.s += len + by.n;
		s.n -= len + by.n;
	}
	tlist_add(p, ret->list, tval_str(p, s.s, s.n));
	return 0;
}

TFUNC(fn_join)
{
	CLEANUP(buf_done) struct buf b;
	const struct tlist *l = a[0].list;

	(void)n;
	buf_init(&b, TSTR_MAX);
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_add(&b, a[1].str.s, a[1].str.n);
		buf_add(&b, l->v[i].str.s, l->v[i].str.n);
	}
	return tval_from_buf(&x->pool, &b, ret, err);
}

static struct tval map_bytes(struct tpool *p, struct tstr s, int (*fn)(int c))
{
	char *copy = tpool_alloc(p, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = (s.s[i] & 0x80) ? s.s[i] : (char)fn((unsigned char)s.s[i]);
	return (struct tval){ .kind = TV_STRING, .str = { .s = copy, .n = s.n } };
}

TFUNC(fn_to_upper)
{
	(void)n;
	(void)err;
	*ret = map_bytes(&x->pool, a->str, toupper);
	return 0;
}

TFUNC(fn_to_lower)
{
	(void)n;
	(void)err;
	*ret = map_bytes(&x->pool, a->str, tolower);
	return 0;
}

TFUNC(fn_contains)
{
	(void)x;
	(void)n;
	(void)err;
	*ret = tval_bool(a[1].str.n == 0 ||
			 memmem(a[0].str.s, a[0].str.n, a[1].str.s, a[1].str.n));
	return 0;
}

/* replace s old new count: the first count of them, all when it is negative. */
TFUNC(fn_replace)
{
	CLEANUP(buf_done) struct buf b;
	struct tstr s = a[0].str, old = a[1].str, new = a[2].str;
	int64_t left = a[3].i;
	uint32_t r;

	(void)n;
	buf_init(&b, TSTR_MAX);
	while (left != 0 && !buf_is_full(&b)) {
		const char *hit = old.n ? memmem(s.s, s.n, old.s, old.n) : s.s;
		size_t len;

		if (!hit)
			break;
		buf_add(&b, s.s, (size_t)(hit - s.s));
		buf_add(&b, new.s, new.n);
		len = (size_t)(hit - s.s) + old.n;
		left -= left > 0;
		if (old.n == 0) {
			if (s.n == 0)
				break;
			len = utf8_rune(s.s, s.n, &r);
			buf_add(&b, s.s, len);
		}
		s.s += len;
		s.n -= len;
	}
	buf_add(&b, s.s, s.n);
	return tval_from_buf(&x->pool, &b, ret, err);
}

TFUNC(fn_trim_suffix)
{
	struct tstr s = a[0].str, end = a[1].str;

	(void)n;
	(void)err;
	if (s.n >= end.n && memcmp(s.s + s.n - end.n, end.s, end.n) == 0)
		s.n -= end.n;
	*ret = tval_str(&x->pool, s.s, s.n);
	return 0;
}

TFUNC(fn_trim_prefix)
{
	struct tstr s = a[0].str, start = a[1].str;
	size_t skip = s.n >= start.n && memcmp(s.s, start.s, start.n) == 0 ? start.n : 0;

	(void)n;
	(void)err;
	*ret = tval_str(&x->pool, s.s + skip, s.n - skip);
	return 0;
}

TFUNC(fn_base64_encode)
{
	CLEANUP(buf_done) struct buf b;

	(void)n;
	buf_init(&b, TSTR_MAX);
	base64_encode(&b, a->str.s, a->str.n);
	return tval_from_buf(&x->pool, &b, ret, err);
}

/* As Go reads it: it reports where invalid base64 begins. */
static const char base64_set[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

TFUNC(fn_base64_decode)
{
	CLEANUP(buf_done) struct buf b;
	size_t len = a->str.n, pad = 0, at = 0;
	uint32_t u = 0;

	(void)n;
	buf_init(&b, TSTR_MAX);
	while (pad < 2 && len > 0 && a->str.s[len - 1] == '=') {
		pad++;
		len--;
	}
	for (; at < len; at++) {
		const char *hit = a->str.s[at] ? strchr(base64_set, a->str.s[at]) : NULL;

		if (!hit)
			break;
		u = u << 6 | (uint32_t)(hit - base64_set);
		if (at % 4)
			buf_putc(&b, (char)(u >> (6 - 2 * (at % 4))));
	}
	if (at < len || a->str.n % 4 != 0)
		return err_set(err, ERR_INVAL, "illegal base64 data at input byte %zu",
			       at);
	return tval_from_buf(&x->pool, &b, ret, err);
}

TFUNC(fn_parse_bool)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };

	(void)x;
	(void)n;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (tstr_is(a->str, yes[i]) || tstr_is(a->str, no[i])) {
			*ret = tval_bool(tstr_is(a->str, yes[i]));
			return 0;
		}
	return err_set(err, ERR_INVAL, "parsing \"%s\": invalid syntax", a->str.s);
}

TFUNC(fn_atoi)
{
	const char *s = a->str.s;
	char *end;

	(void)x;
	(void)n;
	errno = 0;
	*ret = tval_int(strtoll(s, &end, 10));
	if (end == s || *end || isspace((unsigned char)*s) || strlen(s) != a->str.n)
		return err_set(err, ERR_INVAL, "parsing \"%s\": invalid syntax", s);
	if (errno)
		return err_set(err, ERR_INVAL, "parsing \"%s\": value out of range", s);
	return 0;
}

const struct tfunc tfuncs_text[] = {
	{ "base", "s", fn_base },
	{ "dir", "s", fn_dir },
	{ "split", "ss", fn_split },
	{ "join", "ls", fn_join },
	{ "toUpper", "s", fn_to_upper },
	{ "toLower", "s", fn_to_lower },
	{ "contains", "ss", fn_contains },
	{ "replace", "sssi", fn_replace },
	{ "trimSuffix", "ss", fn_trim_suffix },
	{ "trimPrefix", "ss", fn_trim_prefix },
	{ "base64Encode", "s", fn_base64_encode },
	{ "base64Decode", "s", fn_base64_decode },
	{ "parseBool", "s", fn_parse_bool },
	{ "atoi", "s", fn_atoi },
	{ NULL, NULL, NULL },
};
