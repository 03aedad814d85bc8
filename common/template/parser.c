/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parser.h"

#define DEPTH_MAX 64

int tparser_next(struct tparser *p, struct err *err)
{
	return tlex_next(&p->lex, err);
}

bool tparser_is_name(const struct tparser *p, const char *word)
{
	return p->lex.type == TT_NAME && tstr_is(p->lex.str, word);
}

struct tnode *tparser_new_node(struct tparser *p, enum tnode_kind kind)
{
	struct tnode *n = tpool_alloc(&p->t->pool, sizeof(*n));

	n->kind = kind;
	n->line = p->lex.token_line;
	return n;
}

int tparser_unexpected(struct tparser *p, const char *where, struct err *err)
{
	static const char *const names[] = {
		[TT_END] = "end of the template",
		[TT_TEXT] = "text",
		[TT_CLOSE] = "\"}}\"",
		[TT_DOT] = "\".\"",
		[TT_STRING] = "a string",
		[TT_INT] = "a number",
		[TT_FLOAT] = "a number",
		[TT_OPEN_PAREN] = "\"(\"",
		[TT_CLOSE_PAREN] = "\")\"",
		[TT_PIPE] = "\"|\"",
		[TT_DECLARE] = "\":=\"",
		[TT_ASSIGN] = "\"=\"",
		[TT_COMMA] = "\",\"",
	};
	enum ttoken t = p->lex.type;

	if (t == TT_NAME || t == TT_FIELD || t == TT_VAR)
		return tlex_error(&p->lex, err, "unexpected \"%s%s\" in %s",
				  t == TT_FIELD ? "." : "", p->lex.str.s, where);
	return tlex_error(&p->lex, err, "unexpected %s in %s", names[t], where);
}

int tparser_expect_close(struct tparser *p, const char *where, struct err *err)
{
	int rc = tparser_next(p, err);

	if (rc < 0)
		return rc;
	return p->lex.type == TT_CLOSE ? 0 : tparser_unexpected(p, where, err);
}

int tparser_enter(struct tparser *p, struct err *err)
{
	if (++p->depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: nested too deeply", p->lex.name,
			       p->lex.token_line);
	return 0;
}

/* ---------------------------------------------------------------- variables */

bool tparser_is_in_scope(const struct tparser *p, struct tstr name)
{
	for (size_t i = 0; i < p->n_vars; i++)
		if (tstr_compare(p->vars[i], name) == 0)
			return true;
	return false;
}

int tparser_declare(struct tparser *p, struct tstr name, struct err *err)
{
	if (p->n_vars == TPARSER_VARS_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: too many variables", p->lex.name,
			       p->lex.token_line);
	p->vars[p->n_vars++] = name;
	return 0;
}
