/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_parser.h - the tokens of a demand expression, read at a cursor; the grammar
 * is in expression_parse.c.
 */
#ifndef CONTROLLER_METRICS_EXPRESSION_PARSER_H
#define CONTROLLER_METRICS_EXPRESSION_PARSER_H

#include "expression_tree.h"

struct parser {
	const char *text, *p;
	const char *stack, *tier;
	int depth;
	size_t n_terms;
	struct err *err;
};

/* ERR_INVAL with the column of the cursor. */
int parser_fail(struct parser *s, const char *what);

void parser_skip_blanks(struct parser *s);
bool parser_take_char(struct parser *s, char c);

/* A name at the cursor; the caller frees it. NULL when there is none. */
char *parser_take_name(struct parser *s);

/* A quoted text with \\ \" \n; the caller owns *ret. */
int parser_take_string(struct parser *s, char **ret) MUST_CHECK;

/* expression_selector.c: NAME{...} after the name, with [WINDOW] when n is a rate. */
int parser_take_selector(struct parser *s, const char *name, struct node *n) MUST_CHECK;

#endif
