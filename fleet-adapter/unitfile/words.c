/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "words.h"

#include "buf.h"
#include "check.h"

#include <stdarg.h>
#include <string.h>

void words_add(struct words *w, const char *word)
{
	w->v = xrealloc(w->v, (w->n + 2) * sizeof(*w->v));
	w->v[w->n++] = xstrdup(word);
	w->v[w->n] = NULL;
}

void words_addf(struct words *w, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b;
	va_list ap;

	buf_init(&b, 4096);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	words_add(w, buf_str(&b));
}

bool words_has(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], word) == 0)
			return true;
	return false;
}

void words_clear(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i]);
	free(w->v);
	*w = (struct words){ 0 };
}

void words_done(struct words *w)
{
	words_clear(w);
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 's':
		return ' ';
	default:
		return c;
	}
}

/* Reads one word at p, not a blank, into word. NULL for an unclosed quote. */
static const char *read_word(const char *p, struct buf *word)
{
	char quote = '\0';

	for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
		if (quote && *p == quote)
			quote = '\0';
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			buf_putc(word, unescape(*++p));
		else
			buf_putc(word, *p);
	}
	return quote ? NULL : p;
}

int words_split(struct words *w, const char *line, struct err *err)
{
	CLEANUP(buf_done) struct buf word;

	buf_init(&word, strlen(line) + 1);
	for (const char *p = line + strspn(line, " \t\n"); *p; p += strspn(p, " \t\n")) {
		p = read_word(p, &word);
		if (!p)
			return err_set(err, ERR_INVAL, "a quote is not closed in: %s",
				       line);
		words_add(w, buf_str(&word));
		buf_clear(&word);
	}
	return 0;
}
