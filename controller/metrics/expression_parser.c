/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression_parser.h"

#include "buf.h"
#include "check.h"
#include "samples.h"

#include <ctype.h>

int parser_fail(struct parser *s, const char *what)
{
	return err_set(s->err, ERR_INVAL, "column %zu: %s", (size_t)(s->p - s->text) + 1,
		       what);
}

void parser_skip_blanks(struct parser *s)
{
	while (isspace((unsigned char)*s->p))
		s->p++;
}

bool parser_take_char(struct parser *s, char c)
{
	parser_skip_blanks(s);
	if (*s->p != c)
		return false;
	s->p++;
	return true;
}

char *parser_take_name(struct parser *s)
{
	const char *from;

	parser_skip_blanks(s);
	from = s->p;
	if (isdigit((unsigned char)*s->p))
		return NULL;
	while (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == ':')
		s->p++;
	return s->p == from ? NULL : xstrndup(from, (size_t)(s->p - from));
}

int parser_take_string(struct parser *s, char **ret)
{
	CLEANUP(buf_done) struct buf b;
	char quote;

	buf_init(&b, LABELS_MAX_BYTES);
	parser_skip_blanks(s);
	quote = *s->p;
	if (quote != '"' && quote != '\'')
		return parser_fail(s, "a quoted value is expected");
	for (s->p++; *s->p && *s->p != quote; s->p++) {
		if (*s->p == '\\' && s->p[1]) {
			s->p++;
			buf_putc(&b, *s->p == 'n' ? '\n' : *s->p);
		} else {
			buf_putc(&b, *s->p);
		}
	}
	if (*s->p != quote)
		return parser_fail(s, "the quote is not closed");
	if (buf_is_full(&b))
		return parser_fail(s, "the value is too long");
	s->p++;
	*ret = xstrdup(buf_str(&b));
	return 0;
}
