/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include "buf.h"
#include "check.h"
#include "strv.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX_BYTES (64 * 1024)
#define BLANKS " \t\n\r"

/* ---------------------------------------------------------------- quoting */

static int digits(const char *p, int base, int n, char *ret)
{
	char text[4] = { 0 };
	char *end;
	long x;

	for (int i = 0; i < n && p[i]; i++)
		text[i] = p[i];
	x = strtol(text, &end, base);
	if (end != text + n || x == 0 || x > 255)
		return ERR_INVAL;
	*ret = (char)x;
	return 0;
}

/* p stands behind the backslash; moves it behind the escape. */
static int unescape(const char **p, char *ret)
{
	static const char from[] = "abfnrtvs\\\"'";
	static const char to[] = "\a\b\f\n\r\t\v \\\"'";
	const char *hit = **p ? strchr(from, **p) : NULL;

	if (hit) {
		*ret = to[hit - from];
		*p += 1;
		return 0;
	}
	if (**p == 'x' && digits(*p + 1, 16, 2, ret) == 0) {
		*p += 3;
		return 0;
	}
	if (digits(*p, 8, 3, ret) == 0) {
		*p += 3;
		return 0;
	}
	return ERR_INVAL;
}

int unit_word_next(const char **p, char **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b;
	const char *s = *p + strspn(*p, BLANKS);
	char quote = '\0';

	buf_init(&b, WORD_MAX_BYTES);
	*ret = NULL;
	*p = s;
	if (!*s)
		return 0;
	for (; *s && (quote || !strchr(BLANKS, *s));) {
		char c = *s++;

		if (c == '\\') {
			if (unescape(&s, &c) < 0)
				return err_set(err, ERR_INVAL,
					       "the escape \\%c is unknown", *s);
			buf_putc(&b, c);
		} else if (quote && c == quote) {
			quote = '\0';
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else {
			buf_putc(&b, c);
		}
	}
	if (quote)
		return err_set(err, ERR_INVAL, "the quote %c is not closed", quote);
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "a word is longer than %d bytes",
			       WORD_MAX_BYTES);
	*p = s;
	*ret = buf_take(&b);
	return 0;
}

int unit_words_split(const char *text, char ***ret, struct err *err)
{
	CLEANUP(strv_free) char **v = NULL;

	for (;;) {
		char *word;
		int rc = unit_word_next(&text, &word, err);

		if (rc < 0)
			return rc;
		if (!word)
			break;
		strv_push(&v, word);
	}
	*ret = TAKE(v);
	return 0;
}

/* ---------------------------------------------------------------- specifiers */

/* Undoes systemd's escaping of instance names: - is /, \xHH is a byte. */
static void add_unescaped(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c;

		if (s[i] == '-') {
			buf_putc(b, '/');
		} else if (s[i] == '\\' && i + 3 < len && s[i + 1] == 'x' &&
			   digits(s + i + 2, 16, 2, &c) == 0) {
			buf_putc(b, c);
			i += 3;
		} else {
			buf_putc(b, s[i]);
		}
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void add_name_part(struct buf *b, char c, const char *unit)
{
	const char *dot = strrchr(unit, '.');
	const char *at = strchr(unit, '@');
	size_t stem = dot ? (size_t)(dot - unit) : strlen(unit);
	size_t prefix = at && (size_t)(at - unit) < stem ? (size_t)(at - unit) : stem;
	size_t instance = prefix < stem ? prefix + 1 : stem;
	const char *dash;

	switch (c) {
	case 'n':
		buf_puts(b, unit);
		break;
	case 'N':
		buf_add(b, unit, stem);
		break;
	case 'p':
		buf_add(b, unit, prefix);
		break;
	case 'i':
		buf_add(b, unit + instance, stem - instance);
		break;
	case 'I':
		add_unescaped(b, unit + instance, stem - instance);
		break;
	default: /* 'j': behind the last dash of the prefix */
		dash = memrchr(unit, '-', prefix);
		dash = dash ? dash + 1 : unit;
		buf_add(b, dash, prefix - (size_t)(dash - unit));
	}
}

static const char *fixed_specifier(char c, const struct unit_specifiers *s)
{
	switch (c) {
	case 'H':
	case 'l':
		return or_empty(s->host);
	case 'm':
		return or_empty(s->machine_id);
	case 'b':
		return or_empty(s->boot_id);
	case 'u':
		return s->user ? s->user : "root";
	case 'h':
		return s->home ? s->home : "/root";
	case 't':
		return "/run";
	case 'S':
		return "/var/lib";
	case 'C':
		return "/var/cache";
	case 'L':
		return "/var/log";
	case 'E':
		return "/etc";
	case 'T':
		return "/tmp";
	case 'V':
		return "/var/tmp";
	case '%':
		return "%";
	default:
		return NULL;
	}
}

int unit_specifiers_expand(const char *text, const struct unit_specifiers *s, char **ret,
			   struct err *err)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, WORD_MAX_BYTES);
	for (; *text; text++) {
		const char *fixed;

		if (*text != '%') {
			buf_putc(&b, *text);
			continue;
		}
		text++;
		if (*text && strchr("nNpiIj", *text)) {
			add_name_part(&b, *text, s->unit);
			continue;
		}
		fixed = fixed_specifier(*text, s);
		if (!fixed)
			return err_set(err, ERR_INVAL, "the specifier %%%c is unknown",
				       *text ? *text : ' ');
		buf_puts(&b, fixed);
	}
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "a value is longer than %d bytes",
			       WORD_MAX_BYTES);
	*ret = buf_take(&b);
	return 0;
}

/* ---------------------------------------------------------------- variables */

static size_t name_len(const char *s)
{
	size_t n = 0;

	if (isalpha((unsigned char)*s) || *s == '_')
		while (isalnum((unsigned char)s[n]) || s[n] == '_')
			n++;
	return n;
}

static void push_split(char ***out, const char *value)
{
	while (value && *(value += strspn(value, BLANKS))) {
		size_t n = strcspn(value, BLANKS);

		strv_push(out, xstrndup(value, n));
		value += n;
	}
}

static char *substitute_in_word(const char *w, char *const *env)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, WORD_MAX_BYTES);
	for (; *w; w++) {
		size_t n = w[0] == '$' && w[1] == '{' ? name_len(w + 2) : 0;

		if (w[0] == '$' && w[1] == '$') {
			buf_putc(&b, '$');
			w++;
		} else if (n > 0 && w[2 + n] == '}') {
			buf_puts(&b, or_empty(strv_env_get(env, w + 2, n)));
			w += 2 + n;
		} else {
			buf_putc(&b, *w);
		}
	}
	return buf_take(&b);
}

char **unit_words_substitute(char *const *words, char *const *env)
{
	char **out = NULL;

	for (; words && *words; words++) {
		const char *w = *words;
		size_t n = *w == '$' ? name_len(w + 1) : 0;

		if (n > 0 && !w[1 + n])
			push_split(&out, strv_env_get(env, w + 1, n));
		else
			strv_push(&out, substitute_in_word(w, env));
	}
	return out;
}

/* ---------------------------------------------------------------- values */

static const struct {
	const char *name;
	int64_t us;
} spans[] = {
	{ "us", 1 },
	{ "usec", 1 },
	{ "ms", 1000 },
	{ "msec", 1000 },
	{ "", 1000000 },
	{ "s", 1000000 },
	{ "sec", 1000000 },
	{ "second", 1000000 },
	{ "seconds", 1000000 },
	{ "m", 60000000 },
	{ "min", 60000000 },
	{ "minute", 60000000 },
	{ "minutes", 60000000 },
	{ "h", 3600000000 },
	{ "hr", 3600000000 },
	{ "hour", 3600000000 },
	{ "hours", 3600000000 },
	{ "d", 86400000000 },
	{ "day", 86400000000 },
	{ "days", 86400000000 },
	{ "w", 604800000000 },
	{ "week", 604800000000 },
	{ "weeks", 604800000000 },
};

static int64_t span_us(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		if (strlen(spans[i].name) == len &&
		    strncmp(spans[i].name, name, len) == 0)
			return spans[i].us;
	return 0;
}

int unit_time_span(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *p = text + strspn(text, BLANKS);
	double total_us = 0;

	if (strcasecmp(p, "infinity") == 0) {
		*ret_ms = -1;
		return 0;
	}
	if (!*p)
		return err_set(err, ERR_INVAL, "a time span is empty");
	while (*p) {
		size_t len = 0;
		char *end;
		double n = strtod(p, &end);
		int64_t unit;

		end += strspn(end, BLANKS);
		while (isalpha((unsigned char)end[len]))
			len++;
		unit = span_us(end, len);
		if (!isdigit((unsigned char)*p) || unit == 0)
			return err_set(err, ERR_INVAL, "'%s' is no time span", text);
		total_us += n * (double)unit;
		p = end + len + strspn(end + len, BLANKS);
	}
	if (total_us > 1e18)
		return err_set(err, ERR_INVAL, "'%s' is too long", text);
	*ret_ms = (int64_t)(total_us / 1000);
	return 0;
}

int unit_signal(const char *text, int *ret, struct err *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && !*end && n > 0 && n < 65) {
		*ret = (int)n;
		return 0;
	}
	for (int i = 1; i < 32; i++) {
		const char *abbrev = sigabbrev_np(i);

		if (abbrev && strcasecmp(abbrev, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (strncasecmp(name, "RTMIN", 5) == 0) {
		n = name[5] == '+' ? strtol(name + 6, &end, 10) : 0;
		*ret = SIGRTMIN + (int)n;
		if (*ret >= SIGRTMIN && *ret <= SIGRTMAX)
			return 0;
	}
	return err_set(err, ERR_INVAL, "'%s' is no signal", text);
}
