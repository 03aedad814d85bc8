/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parser.h - a template while it is parsed: the token at hand, depth, variables in scope.
 * Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_PARSER_H
#define COMMON_TEMPLATE_PARSER_H

#include "ast.h"
#include "lex.h"

#define TPARSER_VARS_MAX 128

struct tparser {
	struct template *t;
	struct tlex lex;
	int depth;
	int range_depth;
	size_t n_vars;
	struct tstr vars[TPARSER_VARS_MAX]; /* in scope */
};

int tparser_next(struct tparser *p, struct err *err) MUST_CHECK;
/* Whether the token is this word. */
bool tparser_is_name(const struct tparser *p, const char *word);
/* Reads one token, which must be "}}"; where is used in the error. */
int tparser_expect_close(struct tparser *p, const char *where,
			 struct err *err) MUST_CHECK;
/* An error about the token at hand. */
int tparser_unexpected(struct tparser *p, const char *where, struct err *err);
/* One level deeper; ERR_LIMIT when that is too deep. */
int tparser_enter(struct tparser *p, struct err *err) MUST_CHECK;
/* In the template's pool, on the line of the token at hand. */
struct tnode *tparser_new_node(struct tparser *p, enum tnode_kind kind);

bool tparser_is_in_scope(const struct tparser *p, struct tstr name);
int tparser_declare(struct tparser *p, struct tstr name, struct err *err) MUST_CHECK;

/*
 * A pipeline up to the token until; its first token has been read. range: it is the one
 * of a range, which may declare two variables. In parse_pipe.c.
 */
int tparse_pipe(struct tparser *p, enum ttoken until, bool range, struct tpipe **ret,
		struct err *err) MUST_CHECK;

#endif
