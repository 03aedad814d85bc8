/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions of text/template that print and escape. */
#include "function.h"

#include <ctype.h>
#include <string.h>

/* ---------------------------------------------------------------- printing */

/* fmt.Sprint puts a blank between two operands when neither is a string. */
static void sprint(struct buf *b, const struct tval *a, size_t n, bool always)
{
	for (size_t i = 0; i < n; i++) {
		if (i &&
		    (always || (a[i].kind != TV_STRING && a[i - 1].kind != TV_STRING)))
			buf_putc(b, ' ');
		tval_print(b, &a[i]);
	}
}

/* As the escaping functions print: nothing is the text "<no value>". */
static void sprint_values(struct trun *x, struct buf *b, const struct tval *a, size_t n)
{
	struct tval *shown = tpool_alloc(&x->pool, (n + 1) * sizeof(*shown));

	for (size_t i = 0; i < n; i++)
		shown[i] = a[i].kind == TV_NIL ? tval_cstr(&x->pool, "<no value>") : a[i];
	sprint(b, shown, n, false);
}

TFUNC(fn_print)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, TSTR_MAX);
	sprint(&b, a, n, false);
	return tval_from_buf(&x->pool, &b, ret, err);
}

TFUNC(fn_println)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, TSTR_MAX);
	sprint(&b, a, n, true);
	buf_putc(&b, '\n');
	return tval_from_buf(&x->pool, &b, ret, err);
}

TFUNC(fn_printf)
{
	CLEANUP(buf_done) struct buf b;
	int rc;

	buf_init(&b, TSTR_MAX);
	rc = template_printf(&b, a[0].str, a + 1, n - 1, err);
	return rc < 0 ? rc : tval_from_buf(&x->pool, &b, ret, err);
}

/* ---------------------------------------------------------------- escaping */

static void put_html(struct buf *b, char c)
{
	if (c == '&')
		buf_puts(b, "&amp;");
	else if (c == '<')
		buf_puts(b, "&lt;");
	else if (c == '>')
		buf_puts(b, "&gt;");
	else if (c == '"')
		buf_puts(b, "&#34;");
	else if (c == '\'')
		buf_puts(b, "&#39;");
	else if (c == '\0')
		buf_puts(b, "\357\277\275");
	else
		buf_putc(b, c);
}

static void put_js(struct buf *b, char c)
{
	if (c == '\\' || c == '\'' || c == '"')
		buf_printf(b, "\\%c", c);
	else if (c == '<' || c == '>' || c == '&' || c == '=' || (unsigned char)c < 0x20)
		buf_printf(b, "\\u%04X", (unsigned char)c);
	else
		buf_putc(b, c);
}

static void put_query(struct buf *b, char c)
{
	if (isalnum((unsigned char)c) || (c && strchr("-_.~", c)))
		buf_putc(b, c);
	else if (c == ' ')
		buf_putc(b, '+');
	else
		buf_printf(b, "%%%02X", (unsigned char)c);
}

static int escape(struct trun *x, const struct tval *a, size_t n,
		  void (*put)(struct buf *b, char c), struct tval *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf plain;
	CLEANUP(buf_done) struct buf b;

	buf_init(&plain, TSTR_MAX);
	buf_init(&b, TSTR_MAX);
	sprint_values(x, &plain, a, n);
	if (buf_is_full(&plain))
		return tval_from_buf(&x->pool, &plain, ret, err);
	for (size_t i = 0; i < plain.len; i++)
		put(&b, plain.data[i]);
	return tval_from_buf(&x->pool, &b, ret, err);
}

TFUNC(fn_html)
{
	return escape(x, a, n, put_html, ret, err);
}

TFUNC(fn_js)
{
	return escape(x, a, n, put_js, ret, err);
}

TFUNC(fn_urlquery)
{
	return escape(x, a, n, put_query, ret, err);
}

const struct tfunc tfuncs_print[] = {
	{ "print", "?v*", fn_print },
	{ "println", "?v*", fn_println },
	{ "printf", "s?v*", fn_printf },
	{ "html", "?v*", fn_html },
	{ "js", "?v*", fn_js },
	{ "urlquery", "?v*", fn_urlquery },
	{ NULL, NULL, NULL },
};
