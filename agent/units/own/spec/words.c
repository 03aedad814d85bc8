/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "words.h"

#include "buf.h"
#include "check.h"
#include "strv.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX_BYTES (64 * 1024)
#define BLANKS " \t\n\r"

int unit_digits(const char *p, int base, int n, char *ret)
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

/* p is after the backslash; moves it after the escape. */
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
	if (**p == 'x' && unit_digits(*p + 1, 16, 2, ret) == 0) {
		*p += 3;
		return 0;
	}
	if (unit_digits(*p, 8, 3, ret) == 0) {
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
			const char *value = strv_env_get(env, w + 2, n);

			buf_puts(&b, value ? value : "");
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
