/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nodes of a template: text, actions, {{if}}, {{range}}, {{define}} and the like. */
#include "template.h"

#include "check.h"
#include "parser.h"

#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)
#define POOL_MAX ((size_t)16 << 20)

/* Why a list of nodes ended. */
enum ending { END_TEXT, END_END, END_ELSE };

static int parse_list(struct tparser *p, struct tnode **ret, enum ending *ending,
		      struct err *err);

static int parse_control(struct tparser *p, enum tnode_kind kind, struct tnode **ret,
			 struct err *err);

/* After {{else: another if or with, or the else's own list. */
static int parse_else(struct tparser *p, struct tnode *n, struct err *err)
{
	enum ending ending;
	int rc = tparser_next(p, err);

	if (rc < 0)
		return rc;
	if ((n->kind == TN_IF && tparser_is_name(p, "if")) ||
	    (n->kind == TN_WITH && tparser_is_name(p, "with")))
		return parse_control(p, n->kind, &n->other, err);
	if (p->lex.type != TT_CLOSE)
		return tparser_unexpected(p, "else", err);
	rc = parse_list(p, &n->other, &ending, err);
	if (rc < 0)
		return rc;
	if (ending == END_ELSE)
		return tlex_error(&p->lex, err, "expected end; found {{else}}");
	return ending == END_END ? tparser_expect_close(p, "end", err)
				 : tparser_unexpected(p, "else", err);
}

/* if, range, with: the keyword has been read; ends after the {{end}}. */
static int parse_control(struct tparser *p, enum tnode_kind kind, struct tnode **ret,
			 struct err *err)
{
	struct tnode *n = tparser_new_node(p, kind);
	size_t vars = p->n_vars;
	enum ending ending;
	int rc = tparser_enter(p, err);

	if (rc == 0)
		rc = tparser_next(p, err);
	if (rc == 0)
		rc = tparse_pipe(p, TT_CLOSE, kind == TN_RANGE, &n->pipe, err);
	if (rc < 0)
		return rc;
	p->range_depth += kind == TN_RANGE;
	rc = parse_list(p, &n->body, &ending, err);
	p->range_depth -= kind == TN_RANGE;
	if (rc < 0)
		return rc;
	if (ending == END_TEXT)
		return tparser_unexpected(p, "an unclosed if, range or with", err);
	rc = ending == END_ELSE ? parse_else(p, n, err)
				: tparser_expect_close(p, "end", err);
	p->n_vars = vars;
	p->depth--;
	*ret = n;
	return rc;
}

static int parse_string(struct tparser *p, const char *where, struct tstr *ret,
			struct err *err)
{
	int rc = tparser_next(p, err);

	if (rc < 0)
		return rc;
	if (p->lex.type != TT_STRING)
		return tparser_unexpected(p, where, err);
	*ret = p->lex.str;
	return 0;
}

static struct tdefine *find_define(const struct template *t, struct tstr name)
{
	for (struct tdefine *d = t->defines; d; d = d->next)
		if (tstr_compare(d->name, name) == 0)
			return d;
	return NULL;
}

static bool is_empty(const struct tnode *list)
{
	for (; list; list = list->next)
		if (list->kind != TN_TEXT ||
		    strspn(list->str.s, " \t\r\n") != list->str.n)
			return false;
	return true;
}

/* The body of a define or block, in its own scope; ends after its {{end}}. */
static int parse_define_body(struct tparser *p, struct tstr name, struct err *err)
{
	struct tdefine *d = find_define(p->t, name);
	struct tstr dollar = p->vars[0];
	size_t vars = p->n_vars;
	int range_depth = p->range_depth;
	struct tstr saved[TPARSER_VARS_MAX];
	struct tnode *body;
	enum ending ending;
	int rc;

	memcpy(saved, p->vars, sizeof(saved));
	p->n_vars = 1;
	p->vars[0] = dollar;
	p->range_depth = 0;
	rc = parse_list(p, &body, &ending, err);
	memcpy(p->vars, saved, sizeof(saved));
	p->n_vars = vars;
	p->range_depth = range_depth;
	if (rc < 0)
		return rc;
	if (ending != END_END)
		return tlex_error(&p->lex, err, "{{define}} or {{block}} has no {{end}}");
	if (!d) {
		d = tpool_alloc(&p->t->pool, sizeof(*d));
		*d = (struct tdefine){ .next = p->t->defines, .name = name };
		p->t->defines = d;
	} else if (is_empty(body)) {
		return tparser_expect_close(p, "end", err);
	} else if (!is_empty(d->body)) {
		return tlex_error(&p->lex, err, "multiple definition of template \"%s\"",
				  name.s);
	}
	d->body = body;
	return tparser_expect_close(p, "end", err);
}

static int parse_define(struct tparser *p, struct err *err)
{
	struct tstr name;
	int rc;

	if (p->depth > 0)
		return tlex_error(&p->lex, err, "unexpected {{define}} inside a block");
	rc = parse_string(p, "define", &name, err);
	if (rc == 0)
		rc = tparser_expect_close(p, "define", err);
	if (rc == 0)
		rc = tparser_enter(p, err);
	if (rc == 0)
		rc = parse_define_body(p, name, err);
	p->depth--;
	return rc;
}

/* template "name" pipe? and block "name" pipe; the keyword has been read. */
static int parse_template(struct tparser *p, bool block, struct tnode **ret,
			  struct err *err)
{
	struct tnode *n = tparser_new_node(p, TN_TEMPLATE);
	int rc = parse_string(p, block ? "block" : "template", &n->str, err);

	if (rc == 0)
		rc = tparser_next(p, err);
	if (rc < 0)
		return rc;
	if (p->lex.type != TT_CLOSE)
		rc = tparse_pipe(p, TT_CLOSE, false, &n->pipe, err);
	else if (block)
		rc = tlex_error(&p->lex, err, "missing value for block");
	if (rc == 0 && block) {
		rc = tparser_enter(p, err);
		if (rc == 0)
			rc = parse_define_body(p, n->str, err);
		p->depth--;
	}
	*ret = n;
	return rc;
}

static int parse_jump(struct tparser *p, enum tnode_kind kind, struct tnode **ret,
		      struct err *err)
{
	*ret = tparser_new_node(p, kind);
	if (p->range_depth == 0)
		return tlex_error(&p->lex, err, "{{%s}} outside {{range}}",
				  kind == TN_BREAK ? "break" : "continue");
	return tparser_expect_close(p, "break or continue", err);
}

/* The first token after "{{" has been read. *ret is NULL when there is nothing to add. */
static int parse_action(struct tparser *p, struct tnode **ret, struct err *err)
{
	static const struct {
		const char *word;
		enum tnode_kind kind;
	} controls[] = { { "if", TN_IF }, { "range", TN_RANGE }, { "with", TN_WITH } };

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (tparser_is_name(p, controls[i].word))
			return parse_control(p, controls[i].kind, ret, err);
	if (tparser_is_name(p, "define"))
		return parse_define(p, err);
	if (tparser_is_name(p, "template") || tparser_is_name(p, "block"))
		return parse_template(p, tparser_is_name(p, "block"), ret, err);
	if (tparser_is_name(p, "break"))
		return parse_jump(p, TN_BREAK, ret, err);
	if (tparser_is_name(p, "continue"))
		return parse_jump(p, TN_CONTINUE, ret, err);
	*ret = tparser_new_node(p, TN_ACTION);
	return tparse_pipe(p, TT_CLOSE, false, &(*ret)->pipe, err);
}

/* Nodes up to {{end}}, {{else or the end of the text. */
static int parse_list(struct tparser *p, struct tnode **ret, enum ending *ending,
		      struct err *err)
{
	struct tnode **last = ret;

	*ret = NULL;
	for (;;) {
		int rc = tparser_next(p, err);

		if (rc < 0)
			return rc;
		if (p->lex.type == TT_END) {
			*ending = END_TEXT;
			return 0;
		}
		if (p->lex.type == TT_TEXT) {
			if (p->lex.str.n == 0)
				continue;
			*last = tparser_new_node(p, TN_TEXT);
			(*last)->str = p->lex.str;
		} else if (tparser_is_name(p, "end") || tparser_is_name(p, "else")) {
			*ending = tparser_is_name(p, "end") ? END_END : END_ELSE;
			return 0;
		} else {
			rc = parse_action(p, last, err);
			if (rc < 0)
				return rc;
		}
		if (*last)
			last = &(*last)->next;
	}
}

int template_parse(const char *name, const char *text, size_t len, struct template **ret,
		   struct err *err)
{
	CLEANUP(template_free) struct template *t = xcalloc(1, sizeof(*t));
	struct tparser p = { .t = t };
	enum ending ending;
	int rc;

	if (len > TEXT_MAX)
		return err_set(err, ERR_LIMIT, "%s: the template is over %zu bytes", name,
			       TEXT_MAX);
	tpool_init(&t->pool, POOL_MAX);
	t->name = xstrdup(name);
	tlex_init(&p.lex, t->name, text, len, &t->pool);
	p.vars[p.n_vars++] = tstr_new(&t->pool, "$", 1);
	rc = parse_list(&p, &t->body, &ending, err);
	if (rc < 0)
		return rc;
	if (ending != END_TEXT)
		return tlex_error(&p.lex, err, "unexpected {{%s}}",
				  ending == END_END ? "end" : "else");
	*ret = TAKE(t);
	return 0;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	tpool_done(&t->pool);
	free(t->name);
	free(t);
}
