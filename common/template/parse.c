/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "template.h"

#include "ast.h"
#include "check.h"
#include "lex.h"

#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)
#define POOL_MAX ((size_t)16 << 20)
#define DEPTH_MAX 64
#define VARS_MAX 128

struct parser {
	struct template *t;
	struct tlex lex;
	int depth;
	int range_depth;
	size_t n_vars;
	struct tstr vars[VARS_MAX]; /* in scope */
};

/* Why a list of nodes ended. */
enum ending { END_TEXT, END_END, END_ELSE };

static int parse_pipe(struct parser *p, enum ttoken until, struct tpipe **ret,
		      struct err *err);
static int parse_list(struct parser *p, struct tnode **ret, enum ending *ending,
		      struct err *err);

static int next(struct parser *p, struct err *err)
{
	return tlex_next(&p->lex, err);
}

static bool is_name(const struct parser *p, const char *word)
{
	return p->lex.type == TT_NAME && tstr_is(p->lex.str, word);
}

static struct tnode *new_node(struct parser *p, enum tnode_kind kind)
{
	struct tnode *n = tpool_alloc(&p->t->pool, sizeof(*n));

	n->kind = kind;
	n->line = p->lex.token_line;
	return n;
}

static int unexpected(struct parser *p, const char *where, struct err *err)
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

static int expect_close(struct parser *p, const char *where, struct err *err)
{
	int rc = next(p, err);

	if (rc < 0)
		return rc;
	return p->lex.type == TT_CLOSE ? 0 : unexpected(p, where, err);
}

static int enter(struct parser *p, struct err *err)
{
	if (++p->depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: nested too deeply", p->lex.name,
			       p->lex.token_line);
	return 0;
}

/* ---------------------------------------------------------------- variables */

static bool is_in_scope(const struct parser *p, struct tstr name)
{
	for (size_t i = 0; i < p->n_vars; i++)
		if (tstr_compare(p->vars[i], name) == 0)
			return true;
	return false;
}

static int declare(struct parser *p, struct tstr name, struct err *err)
{
	if (p->n_vars == VARS_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: too many variables", p->lex.name,
			       p->lex.token_line);
	p->vars[p->n_vars++] = name;
	return 0;
}

/*
 * Reads "$a :=", "$a, $b :=" or "$a =" at the head of a pipeline, if it is one; else the
 * lexer stands where it stood. The first token has been read.
 */
static int parse_declaration(struct parser *p, bool range, struct tpipe *pipe,
			     struct err *err)
{
	struct tlex start = p->lex;
	size_t n = 0;
	int rc;

	while (p->lex.type == TT_VAR && n < ARRAY_SIZE(pipe->vars)) {
		pipe->vars[n++] = p->lex.str;
		rc = next(p, err);
		if (rc < 0)
			return rc;
		if (p->lex.type != TT_COMMA || !range)
			break;
		rc = next(p, err);
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
		if (!is_in_scope(p, pipe->vars[i]))
			return tlex_error(&p->lex, err, "undefined variable \"%s\"",
					  pipe->vars[i].s);
	return next(p, err);
}

/* ---------------------------------------------------------------- operands */

static int parse_name(struct parser *p, struct tnode **ret, struct err *err)
{
	struct tnode *n = new_node(p, TN_VALUE);

	if (is_name(p, "true") || is_name(p, "false")) {
		n->value = tval_bool(is_name(p, "true"));
	} else if (is_name(p, "nil")) {
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

/* The token at hand as one operand without fields; *ret is NULL when it is none. */
static int parse_term(struct parser *p, struct tnode **ret, struct err *err)
{
	struct tnode *n = NULL;
	int rc = 0;

	*ret = NULL;
	switch (p->lex.type) {
	case TT_NAME:
		return parse_name(p, ret, err);
	case TT_DOT:
		n = new_node(p, TN_DOT);
		break;
	case TT_FIELD:
		n = new_node(p, TN_DOT);
		n->fields = tpool_alloc(&p->t->pool, sizeof(*n->fields));
		n->fields->name = p->lex.str;
		n->n_fields = 1;
		break;
	case TT_VAR:
		if (!is_in_scope(p, p->lex.str))
			return tlex_error(&p->lex, err, "undefined variable \"%s\"",
					  p->lex.str.s);
		n = new_node(p, TN_VAR);
		n->str = p->lex.str;
		break;
	case TT_OPEN_PAREN:
		n = new_node(p, TN_PAREN);
		rc = enter(p, err);
		if (rc < 0)
			return rc;
		rc = next(p, err);
		if (rc == 0)
			rc = parse_pipe(p, TT_CLOSE_PAREN, &n->pipe, err);
		p->depth--;
		break;
	case TT_STRING:
		n = new_node(p, TN_VALUE);
		n->value = (struct tval){ .kind = TV_STRING, .str = p->lex.str };
		break;
	case TT_INT:
		n = new_node(p, TN_VALUE);
		n->value = tval_int(p->lex.i);
		break;
	case TT_FLOAT:
		n = new_node(p, TN_VALUE);
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

/* A term and the fields behind it (".a.b"); reads one token further. */
static int parse_operand(struct parser *p, struct tnode **ret, struct err *err)
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
		rc = next(p, err);
		if (rc < 0)
			return rc;
		if (p->lex.type != TT_FIELD || p->lex.spaced)
			break;
		if (n->kind == TN_VALUE || n->kind == TN_NOTHING)
			return unexpected(p, "operand", err);
		*last = tpool_alloc(&p->t->pool, sizeof(**last));
		(*last)->name = p->lex.str;
		last = &(*last)->next;
		n->n_fields++;
	}
	*ret = n;
	return 0;
}

/* Operands up to "|" or the end of the pipeline. */
static int parse_command(struct parser *p, struct tcommand **ret, struct err *err)
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
			return unexpected(p, "operand", err);
		rc = parse_operand(p, last, err);
		if (rc < 0)
			return rc;
		if (!*last)
			return c->n_args ? unexpected(p, "operand", err)
					 : unexpected(p, "command", err);
		last = &(*last)->next;
		c->n_args++;
	}
	*ret = c;
	return 0;
}

/* Its first token has been read; ends on until. */
static int parse_commands(struct parser *p, enum ttoken until, struct tpipe *pipe,
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
			return unexpected(p, "command", err);
		rc = next(p, err);
		if (rc < 0)
			return rc;
	}
}

static int parse_pipe_in(struct parser *p, enum ttoken until, bool range,
			 struct tpipe **ret, struct err *err)
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
		rc = declare(p, pipe->vars[i], err);
		if (rc < 0)
			return rc;
	}
	*ret = pipe;
	return 0;
}

static int parse_pipe(struct parser *p, enum ttoken until, struct tpipe **ret,
		      struct err *err)
{
	return parse_pipe_in(p, until, false, ret, err);
}

/* ---------------------------------------------------------------- control */

static int parse_control(struct parser *p, enum tnode_kind kind, struct tnode **ret,
			 struct err *err);

/* Behind {{else: another if or with, or the else's own list. */
static int parse_else(struct parser *p, struct tnode *n, struct err *err)
{
	enum ending ending;
	int rc = next(p, err);

	if (rc < 0)
		return rc;
	if ((n->kind == TN_IF && is_name(p, "if")) ||
	    (n->kind == TN_WITH && is_name(p, "with")))
		return parse_control(p, n->kind, &n->other, err);
	if (p->lex.type != TT_CLOSE)
		return unexpected(p, "else", err);
	rc = parse_list(p, &n->other, &ending, err);
	if (rc < 0)
		return rc;
	if (ending == END_ELSE)
		return tlex_error(&p->lex, err, "expected end; found {{else}}");
	return ending == END_END ? expect_close(p, "end", err)
				 : unexpected(p, "else", err);
}

/* if, range, with: the key word has been read; ends behind the {{end}}. */
static int parse_control(struct parser *p, enum tnode_kind kind, struct tnode **ret,
			 struct err *err)
{
	struct tnode *n = new_node(p, kind);
	size_t vars = p->n_vars;
	enum ending ending;
	int rc = enter(p, err);

	if (rc == 0)
		rc = next(p, err);
	if (rc == 0)
		rc = parse_pipe_in(p, TT_CLOSE, kind == TN_RANGE, &n->pipe, err);
	if (rc < 0)
		return rc;
	p->range_depth += kind == TN_RANGE;
	rc = parse_list(p, &n->body, &ending, err);
	p->range_depth -= kind == TN_RANGE;
	if (rc < 0)
		return rc;
	if (ending == END_TEXT)
		return unexpected(p, "an unclosed if, range or with", err);
	rc = ending == END_ELSE ? parse_else(p, n, err) : expect_close(p, "end", err);
	p->n_vars = vars;
	p->depth--;
	*ret = n;
	return rc;
}

static int parse_string(struct parser *p, const char *where, struct tstr *ret,
			struct err *err)
{
	int rc = next(p, err);

	if (rc < 0)
		return rc;
	if (p->lex.type != TT_STRING)
		return unexpected(p, where, err);
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

/* The body of a define or block, under its own scope; ends behind its {{end}}. */
static int parse_define_body(struct parser *p, struct tstr name, struct err *err)
{
	struct tdefine *d = find_define(p->t, name);
	struct tstr dollar = p->vars[0];
	size_t vars = p->n_vars;
	int range_depth = p->range_depth;
	struct tstr saved[VARS_MAX];
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
		return expect_close(p, "end", err);
	} else if (!is_empty(d->body)) {
		return tlex_error(&p->lex, err, "multiple definition of template \"%s\"",
				  name.s);
	}
	d->body = body;
	return expect_close(p, "end", err);
}

static int parse_define(struct parser *p, struct err *err)
{
	struct tstr name;
	int rc;

	if (p->depth > 0)
		return tlex_error(&p->lex, err, "unexpected {{define}} inside a block");
	rc = parse_string(p, "define", &name, err);
	if (rc == 0)
		rc = expect_close(p, "define", err);
	if (rc == 0)
		rc = enter(p, err);
	if (rc == 0)
		rc = parse_define_body(p, name, err);
	p->depth--;
	return rc;
}

/* template "name" pipe? and block "name" pipe; the key word has been read. */
static int parse_template(struct parser *p, bool block, struct tnode **ret,
			  struct err *err)
{
	struct tnode *n = new_node(p, TN_TEMPLATE);
	int rc = parse_string(p, block ? "block" : "template", &n->str, err);

	if (rc == 0)
		rc = next(p, err);
	if (rc < 0)
		return rc;
	if (p->lex.type != TT_CLOSE)
		rc = parse_pipe(p, TT_CLOSE, &n->pipe, err);
	else if (block)
		rc = tlex_error(&p->lex, err, "missing value for block");
	if (rc == 0 && block) {
		rc = enter(p, err);
		if (rc == 0)
			rc = parse_define_body(p, n->str, err);
		p->depth--;
	}
	*ret = n;
	return rc;
}

static int parse_jump(struct parser *p, enum tnode_kind kind, struct tnode **ret,
		      struct err *err)
{
	*ret = new_node(p, kind);
	if (p->range_depth == 0)
		return tlex_error(&p->lex, err, "{{%s}} outside {{range}}",
				  kind == TN_BREAK ? "break" : "continue");
	return expect_close(p, "break or continue", err);
}

/* The first token behind "{{" has been read. *ret is NULL when nothing is to be added. */
static int parse_action(struct parser *p, struct tnode **ret, struct err *err)
{
	static const struct {
		const char *word;
		enum tnode_kind kind;
	} controls[] = { { "if", TN_IF }, { "range", TN_RANGE }, { "with", TN_WITH } };

	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (is_name(p, controls[i].word))
			return parse_control(p, controls[i].kind, ret, err);
	if (is_name(p, "define"))
		return parse_define(p, err);
	if (is_name(p, "template") || is_name(p, "block"))
		return parse_template(p, is_name(p, "block"), ret, err);
	if (is_name(p, "break"))
		return parse_jump(p, TN_BREAK, ret, err);
	if (is_name(p, "continue"))
		return parse_jump(p, TN_CONTINUE, ret, err);
	*ret = new_node(p, TN_ACTION);
	return parse_pipe(p, TT_CLOSE, &(*ret)->pipe, err);
}

/* Nodes up to {{end}}, {{else or the end of the text. */
static int parse_list(struct parser *p, struct tnode **ret, enum ending *ending,
		      struct err *err)
{
	struct tnode **last = ret;

	*ret = NULL;
	for (;;) {
		int rc = next(p, err);

		if (rc < 0)
			return rc;
		if (p->lex.type == TT_END) {
			*ending = END_TEXT;
			return 0;
		}
		if (p->lex.type == TT_TEXT) {
			if (p->lex.str.n == 0)
				continue;
			*last = new_node(p, TN_TEXT);
			(*last)->str = p->lex.str;
		} else if (is_name(p, "end") || is_name(p, "else")) {
			*ending = is_name(p, "end") ? END_END : END_ELSE;
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
	struct parser p = { .t = t };
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
