/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lex.h"

#include "check.h"
#include "utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tlex_init(struct tlex *l, const char *name, const char *text, size_t len,
	       struct tpool *pool)
{
	*l = (struct tlex){
		.name = name,
		.pool = pool,
		.p = text,
		.end = text + len,
		.line = 1,
	};
}

int tlex_error(const struct tlex *l, struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INVAL, "%s:%d: %s", l->name, l->token_line, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t left(const struct tlex *l)
{
	return (size_t)(l->end - l->p);
}

static bool at(const struct tlex *l, const char *text)
{
	size_t n = strlen(text);

	return left(l) >= n && memcmp(l->p, text, n) == 0;
}

static void skip(struct tlex *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*l->p++ == '\n')
			l->line++;
}

/* "-}}" trims only when a blank precedes it. */
static bool at_trimming_close(const struct tlex *l)
{
	return left(l) >= 4 && is_blank(l->p[0]) && memcmp(l->p + 1, "-}}", 3) == 0;
}

static bool at_trimming_open(const struct tlex *l)
{
	return left(l) >= 4 && memcmp(l->p, "{{-", 3) == 0 && is_blank(l->p[3]);
}

/* ---------------------------------------------------------------- text */

/* l->p is after "{{" or "{{-": skips a comment there and its "}}". */
static int skip_comment(struct tlex *l, bool *ret, struct err *err)
{
	const char *open = l->p;
	const char *stop;

	*ret = false;
	while (open < l->end && is_blank(*open))
		open++;
	if (l->end - open < 2 || memcmp(open, "/*", 2) != 0)
		return 0;
	stop = memmem(open + 2, (size_t)(l->end - open - 2), "*/", 2);
	if (!stop)
		return tlex_error(l, err, "unclosed comment");
	skip(l, (size_t)(stop + 2 - l->p));
	l->trim = at_trimming_close(l);
	if (!l->trim && !at(l, "}}"))
		return tlex_error(l, err, "comment ends before closing delimiter");
	skip(l, l->trim ? 4 : 2);
	*ret = true;
	return 0;
}

/* Text up to the next action that is not a comment; the action's opening is consumed. */
static int read_text(struct tlex *l, struct err *err)
{
	const char *from, *stop;

	if (l->trim)
		while (l->p < l->end && is_blank(*l->p))
			skip(l, 1);
	l->trim = false;
	from = l->p;
	stop = memmem(l->p, left(l), "{{", 2);
	if (!stop)
		stop = l->end;
	skip(l, (size_t)(stop - l->p));
	l->type = TT_TEXT;
	if (at_trimming_open(l))
		while (stop > from && is_blank(stop[-1]))
			stop--;
	l->str = tstr_new(l->pool, from, (size_t)(stop - from));
	if (l->p < l->end) {
		bool comment;
		int rc;

		l->token_line = l->line;
		skip(l, at_trimming_open(l) ? 3 : 2);
		rc = skip_comment(l, &comment, err);
		l->inside = !comment;
		return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- literals */

static int hex_digits(struct tlex *l, size_t n, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++, l->p++) {
		char c = l->p < l->end ? *l->p : '\0';

		if (!isxdigit((unsigned char)c))
			return ERR_INVAL;
		*ret = *ret << 4 |
		       (uint32_t)(isdigit((unsigned char)c) ? c - '0'
							    : (c | 0x20) - 'a' + 10);
	}
	return 0;
}

static int octal_digits(struct tlex *l, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < 3; i++, l->p++) {
		if (l->p >= l->end || *l->p < '0' || *l->p > '7')
			return ERR_INVAL;
		*ret = *ret << 3 | (uint32_t)(*l->p - '0');
	}
	return *ret > 255 ? ERR_INVAL : 0;
}

/* After a backslash. A byte (\x, octal) differs from a character (\u). */
static int read_escape(struct tlex *l, char quote, struct buf *out)
{
	static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	char c = l->p < l->end ? *l->p : '\0';
	const char *hit = c ? strchr(names, c) : NULL;
	uint32_t r;

	if (hit || (c == quote && c)) {
		l->p++;
		buf_putc(out, hit ? values[hit - names] : c);
		return 0;
	}
	if (c >= '0' && c <= '7') {
		if (octal_digits(l, &r) < 0)
			return ERR_INVAL;
		buf_putc(out, (char)r);
		return 0;
	}
	if (c != 'x' && c != 'u' && c != 'U')
		return ERR_INVAL;
	l->p++;
	if (hex_digits(l, c == 'x' ? 2 : c == 'u' ? 4 : 8, &r) < 0)
		return ERR_INVAL;
	if (c == 'x')
		buf_putc(out, (char)r);
	else if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return ERR_INVAL;
	else
		utf8_put(out, r);
	return 0;
}

static int read_quoted(struct tlex *l, char quote, struct err *err)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, TSTR_MAX);
	l->p++;
	for (;;) {
		if (l->p >= l->end || *l->p == '\n')
			return tlex_error(l, err, "unterminated quoted string");
		if (*l->p == quote)
			break;
		if (*l->p != '\\') {
			buf_putc(&b, *l->p++);
			continue;
		}
		l->p++;
		if (read_escape(l, quote, &b) < 0)
			return tlex_error(l, err, "invalid escape in quoted string");
	}
	l->p++;
	l->type = TT_STRING;
	l->str = tstr_new(l->pool, buf_str(&b), b.len);
	return 0;
}

static int read_raw(struct tlex *l, struct err *err)
{
	const char *from = l->p + 1;
	const char *stop = memchr(from, '`', (size_t)(l->end - from));
	char *to;

	if (!stop)
		return tlex_error(l, err, "unterminated raw quoted string");
	l->type = TT_STRING;
	l->str.s = to = tpool_alloc(l->pool, (size_t)(stop - from) + 1);
	for (const char *c = from; c < stop; c++)
		if (*c != '\r')
			*to++ = *c;
	l->str.n = (size_t)(to - l->str.s);
	skip(l, (size_t)(stop + 1 - l->p));
	return 0;
}

static int read_char(struct tlex *l, struct err *err)
{
	uint32_t r;
	int rc = read_quoted(l, '\'', err);

	if (rc < 0)
		return rc;
	if (l->str.n == 0 || utf8_rune(l->str.s, l->str.n, &r) != l->str.n)
		return tlex_error(l, err, "malformed character constant");
	l->type = TT_INT;
	l->i = (int64_t)r;
	return 0;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static int read_number(struct tlex *l, struct err *err)
{
	char text[64];
	size_t n = 0;
	char *stop;
	bool hex;

	while (l->p < l->end && n + 1 < sizeof(text) &&
	       (is_word(*l->p) || *l->p == '.' ||
		((*l->p == '+' || *l->p == '-') &&
		 (n == 0 || strchr("eEpP", text[n - 1]))))) {
		if (*l->p != '_')
			text[n++] = *l->p;
		l->p++;
	}
	text[n] = '\0';
	stop = text + (*text == '+' || *text == '-');
	hex = stop[0] == '0' && (stop[1] | 0x20) == 'x';
	if (stop[0] == '0' && (stop[1] | 0x20) == 'o')
		stop[1] = '0';
	errno = 0;
	if (!strpbrk(text, hex ? ".pP" : ".eE")) {
		l->type = TT_INT;
		l->i = strtoll(text, &stop, 0);
	} else {
		l->type = TT_FLOAT;
		l->f = strtod(text, &stop);
	}
	if (errno || *stop || stop == text)
		return tlex_error(l, err, "bad number syntax: \"%s\"", text);
	return 0;
}

/* ---------------------------------------------------------------- actions */

static void read_word(struct tlex *l, enum ttoken type, size_t skip_first, size_t keep)
{
	const char *from = l->p + skip_first - keep;

	l->p += skip_first;
	while (l->p < l->end && is_word(*l->p))
		l->p++;
	l->type = type;
	l->str = tstr_new(l->pool, from, (size_t)(l->p - from));
}

static bool starts_number(const struct tlex *l)
{
	const char *p = l->p;

	if (p < l->end && (*p == '+' || *p == '-'))
		p++;
	if (p < l->end && *p == '.')
		p++;
	return p < l->end && isdigit((unsigned char)*p);
}

static int read_sign(struct tlex *l, struct err *err)
{
	static const struct {
		const char *text;
		enum ttoken type;
	} signs[] = {
		{ ":=", TT_DECLARE },   { "=", TT_ASSIGN },      { "|", TT_PIPE },
		{ "(", TT_OPEN_PAREN }, { ")", TT_CLOSE_PAREN }, { ",", TT_COMMA },
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!at(l, signs[i].text))
			continue;
		skip(l, strlen(signs[i].text));
		l->type = signs[i].type;
		return 0;
	}
	return tlex_error(l, err, "unexpected character '%c' in command",
			  isprint((unsigned char)*l->p) ? *l->p : '?');
}

static bool close_action(struct tlex *l)
{
	if (at_trimming_close(l))
		l->trim = true;
	else if (!at(l, "}}"))
		return false;
	skip(l, l->trim ? 4 : 2);
	l->inside = false;
	l->type = TT_CLOSE;
	return true;
}

static int read_action(struct tlex *l, struct err *err)
{
	char c;

	l->spaced = false;
	for (;;) {
		l->token_line = l->line;
		if (close_action(l))
			return 0;
		if (l->p >= l->end)
			return tlex_error(l, err, "unclosed action");
		if (!is_blank(*l->p))
			break;
		l->spaced = true;
		skip(l, 1);
	}
	c = *l->p;
	if (c == '"')
		return read_quoted(l, c, err);
	if (c == '\'')
		return read_char(l, err);
	if (c == '`')
		return read_raw(l, err);
	if (starts_number(l))
		return read_number(l, err);
	if (c == '$')
		read_word(l, TT_VAR, 1, 1);
	else if (c == '.' && l->p + 1 < l->end && is_word(l->p[1]))
		read_word(l, TT_FIELD, 1, 0);
	else if (c == '.')
		read_word(l, TT_DOT, 1, 1);
	else if (is_word(c))
		read_word(l, TT_NAME, 0, 0);
	else
		return read_sign(l, err);
	return 0;
}

int tlex_next(struct tlex *l, struct err *err)
{
	l->token_line = l->line;
	if (tpool_is_full(l->pool))
		return err_set(err, ERR_LIMIT, "%s: the template is too large", l->name);
	if (l->inside)
		return read_action(l, err);
	if (l->p >= l->end) {
		l->type = TT_END;
		return 0;
	}
	return read_text(l, err);
}
