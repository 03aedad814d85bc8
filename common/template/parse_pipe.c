/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipelines: declarations, commands, operands. */
#include "parser.h"

#include "check.h"

/*
 * Reads "$a :=", "$a, $b :=" or "$a =" at the start of a pipeline, if it is one; else
 * nothing is consumed. The first token has been read.
 */
static int parse_declaration(struct tparser *p, bool range, struct tpipe *pipe,
			     struct err *err)
{
	struct tlex start = p->lex;
	size_t n = 0;
	int rc;

	while (p->lex.type == TT_VAR && n < ARRAY_SIZE(pipe->vars)) {
		pipe->vars[n++] = p->lex.str;
		rc = tparser_next(p, err);
		if (rc < 0)
			return rc;
		if (p->lex.type != TT_COMMA || !range)
			break;
		rc = tparser_next(p, err);
		if (rc < 0)
			return rc;
		if (p->lex.type != TT_VAR || n == ARRAY_SIZE(pipe->vars))
			return tlex_error(&p->lex, err,
					  "range takes one or two variables");
	}
	if (n == 0 || (p->lex.type != TT_DECLARE && p->lex.type != TT_ASSIGN)) {
		p->lex = start;
		return 0;
	}
	pipe->n_vars = n;
	pipe->assigns = p->lex.type == TT_ASSIGN;
	for (size_t i = 0; i < n && pipe->assigns; i++)
		if (!tparser_is_in_scope(p, pipe->vars[i]))
			return tlex_error(&p->lex, err, "undefined variable \"%s\"",
					  pipe->vars[i].s);
	return tparser_next(p, err);
}

/* ---------------------------------------------------------------- operands */

static int parse_name(struct tparser *p, struct tnode **ret, struct err *err)
{
	struct tnode *n = tparser_new_node(p, TN_VALUE);

	if (tparser_is_name(p, "true") || tparser_is_name(p, "false")) {
		n->value = tval_bool(tparser_is_name(p, "true"));
	} else if (tparser_is_name(p, "nil")) {
		n->kind = TN_NOTHING;
	} else {
		n->kind = TN_CALL;
		n->str = p->lex.str;
		n->function = tfunc_find(p->lex.str);
		if (!n->function)
			return tlex_error(&p->lex, err, "function \"%s\" not defined",
					  p->lex.str.s);
	}
	*ret = n;
	return 0;
}

/* The current token as one operand without fields; *ret is NULL when it is not one. */
static int parse_term(struct tparser *p, struct tnode **ret, struct err *err)
{
	struct tnode *n = NULL;
	int rc = 0;

	*ret = NULL;
	switch (p->lex.type) {
	case TT_NAME:
		return parse_name(p, ret, err);
	case TT_DOT:
		n = tparser_new_node(p, TN_DOT);
		break;
	case TT_FIELD:
		n = tparser_new_node(p, TN_DOT);
		n->fields = tpool_alloc(&p->t->pool, sizeof(*n->fields));
		n->fields->name = p->lex.str;
		n->n_fields = 1;
		break;
	case TT_VAR:
		if (!tparser_is_in_scope(p, p->lex.str))
			return tlex_error(&p->lex, err, "undefined variable \"%s\"",
					  p->lex.str.s);
		n = tparser_new_node(p, TN_VAR);
		n->str = p->lex.str;
		break;
	case TT_OPEN_PAREN:
		n = tparser_new_node(p, TN_PAREN);
		rc = tparser_enter(p, err);
		if (rc < 0)
			return rc;
		rc = tparser_next(p, err);
		if (rc == 0)
			rc = tparse_pipe(p, TT_CLOSE_PAREN, false, &n->pipe, err);
		p->depth--;
		break;
	case TT_STRING:
		n = tparser_new_node(p, TN_VALUE);
		n->value = (struct tval){ .kind = TV_STRING, .str = p->lex.str };
		break;
	case TT_INT:
		n = tparser_new_node(p, TN_VALUE);
		n->value = tval_int(p->lex.i);
		break;
	case TT_FLOAT:
		n = tparser_new_node(p, TN_VALUE);
		n->value = tval_float(p->lex.f);
		break;
	case TT_END:
	case TT_TEXT:
	case TT_CLOSE:
	case TT_CLOSE_PAREN:
	case TT_PIPE:
	case TT_DECLARE:
	case TT_ASSIGN:
	case TT_COMMA:
		break;
	}
	if (rc < 0)
		return rc;
	*ret = n;
	return 0;
}

/* A term and its fields (".a.b"); reads one more token. */
static int parse_operand(struct tparser *p, struct tnode **ret, struct err *err)
{
	struct tfield **last;
	struct tnode *n;
	int rc = parse_term(p, &n, err);

	if (rc < 0 || !n) {
		*ret = NULL;
		return rc;
	}
	for (last = &n->fields; *last; last = &(*last)->next)
		;
	for (;;) {
		rc = tparser_next(p, err);
		if (rc < 0)
			return rc;
		if (p->lex.type != TT_FIELD || p->lex.spaced)
			break;
		if (n->kind == TN_VALUE || n->kind == TN_NOTHING)
			return tparser_unexpected(p, "operand", err);
		*last = tpool_alloc(&p->t->pool, sizeof(**last));
		(*last)->name = p->lex.str;
		last = &(*last)->next;
		n->n_fields++;
	}
	*ret = n;
	return 0;
}

/* Operands up to "|" or the end of the pipeline. */
static int parse_command(struct tparser *p, struct tcommand **ret, struct err *err)
{
	struct tcommand *c = tpool_alloc(&p->t->pool, sizeof(*c));
	struct tnode **last = &c->args;

	c->line = p->lex.token_line;
	for (;;) {
		int rc;

		if (c->n_args && (p->lex.type == TT_PIPE || p->lex.type == TT_CLOSE ||
				  p->lex.type == TT_CLOSE_PAREN))
			break;
		if (c->n_args && !p->lex.spaced)
			return tparser_unexpected(p, "operand", err);
		rc = parse_operand(p, last, err);
		if (rc < 0)
			return rc;
		if (!*last)
			return c->n_args ? tparser_unexpected(p, "operand", err)
					 : tparser_unexpected(p, "command", err);
		last = &(*last)->next;
		c->n_args++;
	}
	*ret = c;
	return 0;
}

/* Its first token has been read; ends on until. */
static int parse_commands(struct tparser *p, enum ttoken until, struct tpipe *pipe,
			  struct err *err)
{
	struct tcommand **last = &pipe->commands;

	for (;;) {
		int rc = parse_command(p, last, err);

		if (rc < 0)
			return rc;
		if (last != &pipe->commands && ((*last)->args->kind == TN_VALUE ||
						(*last)->args->kind == TN_NOTHING))
			return tlex_error(&p->lex, err,
					  "non executable command in pipeline");
		last = &(*last)->next;
		if (p->lex.type == until)
			return 0;
		if (p->lex.type != TT_PIPE)
			return tparser_unexpected(p, "command", err);
		rc = tparser_next(p, err);
		if (rc < 0)
			return rc;
	}
}

int tparse_pipe(struct tparser *p, enum ttoken until, bool range, struct tpipe **ret,
		struct err *err)
{
	struct tpipe *pipe = tpool_alloc(&p->t->pool, sizeof(*pipe));
	int rc;

	pipe->line = p->lex.token_line;
	rc = parse_declaration(p, range, pipe, err);
	if (rc < 0)
		return rc;
	if (p->lex.type == until)
		return tlex_error(&p->lex, err, "missing value for command");
	rc = parse_commands(p, until, pipe, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < pipe->n_vars && !pipe->assigns; i++) {
		rc = tparser_declare(p, pipe->vars[i], err);
		if (rc < 0)
			return rc;
	}
	*ret = pipe;
	return 0;
}
