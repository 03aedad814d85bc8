/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lex.h - a template's text split into tokens. Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_LEX_H
#define COMMON_TEMPLATE_LEX_H

#include "value.h"

enum ttoken {
	TT_END,    /* of the text */
	TT_TEXT,   /* outside of actions, trimmed; str */
	TT_CLOSE,  /* }} */
	TT_NAME,   /* function or key word; str */
	TT_FIELD,  /* .name; str without the dot */
	TT_VAR,    /* $ or $name; str with the dollar */
	TT_DOT,    /* . */
	TT_STRING, /* "..." or `...`, decoded; str */
	TT_INT,    /* also 'c'; i */
	TT_FLOAT,  /* f */
	TT_OPEN_PAREN,
	TT_CLOSE_PAREN,
	TT_PIPE,
	TT_DECLARE, /* := */
	TT_ASSIGN,  /* = */
	TT_COMMA,
};

struct tlex {
	const char *name;    /* of the template, for errors */
	struct tpool *pool;  /* for decoded strings */
	const char *p, *end; /* the rest of the text */
	int line;
	bool inside; /* of an action */
	bool trim;   /* the next text is trimmed at its start */

	/* the token that was read last */
	enum ttoken type;
	bool spaced; /* blanks precede it */
	int token_line;
	struct tstr str;
	int64_t i;
	double f;
};

void tlex_init(struct tlex *l, const char *name, const char *text, size_t len,
	       struct tpool *pool);
/* Reads the next token. Text tokens may be empty. */
int tlex_next(struct tlex *l, struct err *err) MUST_CHECK;
/* "NAME:LINE: ..." */
int tlex_error(const struct tlex *l, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
