/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "eval.h"

#include "check.h"

#include <string.h>

#define NEST_MAX 100 /* of lists and maps in each other */

static int eval_arg(struct texec *x, const struct tval *dot, const struct tnode *n,
		    struct tval *ret, struct err *err);

/* The cost of a call beyond one step, for long strings and lists. */
static size_t work_of(const struct tval *args, size_t n)
{
	size_t work = 0;

	for (size_t i = 0; i < n; i++)
		if (args[i].kind == TV_STRING)
			work += args[i].str.n / 256;
		else if (args[i].kind == TV_LIST)
			work += args[i].list->n / 8;
	return work;
}

static int call(struct texec *x, int line, const struct tfunc *f, const struct tval *args,
		size_t n, struct tval *ret, struct err *err)
{
	int rc = tfunc_check(f, args, n, err);

	if (rc < 0)
		return err_wrap(err, rc, "%s:%d", x->t->name, line);
	rc = trun_work(&x->run, work_of(args, n), err);
	if (rc == 0)
		rc = f->fn(&x->run, args, n, ret, err);
	if (rc == 0)
		rc = trun_work(&x->run, work_of(ret, 1), err);
	if (rc < 0)
		return err_wrap(err, rc, "%s:%d: error calling %s", x->t->name, line,
				f->name);
	if (tval_depth(ret) > NEST_MAX)
		return err_set(err, ERR_LIMIT,
			       "%s:%d: %s returns values that are nested too deeply",
			       x->t->name, line, f->name);
	return texec_check(x, line, err);
}

/* args: the operands after the function's name; final: the value piped in, or NULL. */
static int eval_call(struct texec *x, const struct tval *dot, const struct tnode *name,
		     const struct tnode *args, const struct tval *final, struct tval *ret,
		     struct err *err)
{
	size_t n = final ? 1 : 0;
	struct tval *v;
	int rc;

	for (const struct tnode *a = args; a; a = a->next)
		n++;
	v = tpool_alloc(&x->run.pool, (n + 1) * sizeof(*v));
	n = 0;
	for (const struct tnode *a = args; a; a = a->next) {
		rc = eval_arg(x, dot, a, &v[n++], err);
		if (rc < 0)
			return rc;
	}
	if (final)
		v[n++] = *final;
	return call(x, name->line, name->function, v, n, ret, err);
}

/* ---------------------------------------------------------------- operands */

static int time_field(const struct texec *x, int line, const struct tval *v,
		      const char *name, struct tval *ret, struct err *err)
{
	if (strcmp(name, "Unix") == 0)
		*ret = tval_int(v->i / 1000);
	else if (strcmp(name, "UTC") == 0)
		*ret = *v;
	else
		return texec_fail(x, line, err,
				  "can't evaluate field %s in type time.Time", name);
	return 0;
}

static int eval_field(const struct texec *x, int line, const struct tval *v,
		      struct tstr name, struct tval *ret, struct err *err)
{
	const struct tval *member;
	char text[64];

	switch (v->kind) {
	case TV_NIL:
		*ret = *v;
		return 0;
	case TV_TIME:
		return time_field(x, line, v, name.s, ret, err);
	case TV_MAP:
	case TV_STRUCT:
		member = tval_member(v, name);
		if (!member && v->kind == TV_STRUCT)
			break;
		*ret = member ? *member : (struct tval){ .kind = TV_NIL };
		return 0;
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
	case TV_STRING:
	case TV_LIST:
		break;
	}
	return texec_fail(x, line, err, "can't evaluate field %s in type %s", name.s,
			  tval_type(v, text));
}

/* Follows n's fields from v; stops before a Format of a time, which takes arguments. */
static int eval_fields(const struct texec *x, const struct tnode *n, struct tval v,
		       struct tval *ret, bool *format, struct err *err)
{
	for (const struct tfield *f = n->fields; f; f = f->next) {
		int rc;

		if (v.kind == TV_TIME && !f->next && tstr_is(f->name, "Format")) {
			*format = true;
			break;
		}
		rc = eval_field(x, n->line, &v, f->name, &v, err);
		if (rc < 0)
			return rc;
	}
	*ret = v;
	return 0;
}

/* The operand, ignoring arguments. */
static int eval_operand(struct texec *x, const struct tval *dot, const struct tnode *n,
			struct tval *ret, bool *format, struct err *err)
{
	struct tval v = { .kind = TV_NIL };
	const struct tval *var;
	int rc = 0;

	switch (n->kind) {
	case TN_DOT:
		v = *dot;
		break;
	case TN_VAR:
		var = texec_find(x, n->str);
		if (!var)
			return texec_fail(x, n->line, err, "undefined variable \"%s\"",
					  n->str.s);
		v = *var;
		break;
	case TN_PAREN:
		rc = teval_pipe(x, dot, n->pipe, true, &v, err);
		break;
	case TN_CALL:
		if (tstr_is(n->str, "and") || tstr_is(n->str, "or"))
			return texec_fail(x, n->line, err, "not enough arguments for %s",
					  n->str.s);
		rc = eval_call(x, dot, n, NULL, NULL, &v, err);
		break;
	case TN_VALUE:
		v = n->value;
		break;
	case TN_NOTHING:
		break;
	case TN_TEXT:
	case TN_ACTION:
	case TN_IF:
	case TN_RANGE:
	case TN_WITH:
	case TN_TEMPLATE:
	case TN_BREAK:
	case TN_CONTINUE:
		CHECK(!"an operand");
	}
	return rc < 0 ? rc : eval_fields(x, n, v, ret, format, err);
}

static int eval_arg(struct texec *x, const struct tval *dot, const struct tnode *n,
		    struct tval *ret, struct err *err)
{
	bool format = false;
	int rc = eval_operand(x, dot, n, ret, &format, err);

	if (rc == 0 && format)
		return texec_fail(x, n->line, err, "Format needs an argument");
	return rc;
}

/* ---------------------------------------------------------------- commands */

/* and, or: stop at the first argument that decides. */
static int eval_logic(struct texec *x, const struct tval *dot, const struct tcommand *c,
		      const struct tval *final, bool stop_at, struct tval *ret,
		      struct err *err)
{
	if (!c->args->next && !final)
		return texec_fail(x, c->line, err, "not enough arguments for %s",
				  c->args->str.s);
	for (const struct tnode *a = c->args->next; a; a = a->next) {
		int rc = eval_arg(x, dot, a, ret, err);

		if (rc < 0)
			return rc;
		if (tval_is_true(ret) == stop_at)
			return 0;
	}
	if (final)
		*ret = *final;
	return 0;
}

/* v.Format layout */
static int eval_format(struct texec *x, const struct tval *dot, const struct tcommand *c,
		       const struct tval *final, struct tval *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b;
	struct tval layout = { .kind = TV_NIL };
	size_t n = c->n_args - 1 + (final != NULL);
	int rc = 0;

	if (c->args->next)
		rc = eval_arg(x, dot, c->args->next, &layout, err);
	else if (final)
		layout = *final;
	buf_init(&b, TSTR_MAX);
	if (rc < 0)
		return rc;
	if (n != 1 || layout.kind != TV_STRING)
		return texec_fail(x, c->line, err, "Format takes one string");
	rc = trun_work(&x->run, layout.str.n / 16, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s:%d", x->t->name, c->line);
	template_time_format(&b, ret->i, layout.str);
	*ret = tval_str(&x->run.pool, buf_str(&b), b.len);
	return 0;
}

static int eval_command(struct texec *x, const struct tval *dot, const struct tcommand *c,
			const struct tval *final, struct tval *ret, struct err *err)
{
	const struct tnode *first = c->args;
	bool format = false;
	int rc;

	if (first->kind == TN_CALL && !first->fields) {
		bool is_and = tstr_is(first->str, "and");

		if (is_and || tstr_is(first->str, "or"))
			return eval_logic(x, dot, c, final, !is_and, ret, err);
		return eval_call(x, dot, first, first->next, final, ret, err);
	}
	rc = eval_operand(x, dot, first, ret, &format, err);
	if (rc < 0)
		return rc;
	if (format)
		return eval_format(x, dot, c, final, ret, err);
	if (first->next || final)
		return texec_fail(x, c->line, err, "can't give argument to non-function");
	if (first->kind == TN_NOTHING)
		return texec_fail(x, c->line, err, "nil is not a command");
	return 0;
}

int teval_pipe(struct texec *x, const struct tval *dot, const struct tpipe *pipe,
	       bool declare, struct tval *ret, struct err *err)
{
	struct tval v = { .kind = TV_NIL };

	x->depth++;
	for (const struct tcommand *c = pipe->commands; c; c = c->next) {
		struct tval before = v;
		int rc = texec_check(x, c->line, err);

		if (rc == 0)
			rc = eval_command(x, dot, c, c == pipe->commands ? NULL : &before,
					  &v, err);
		if (rc < 0)
			return rc;
	}
	x->depth--;
	for (size_t i = 0; declare && i < pipe->n_vars; i++) {
		int rc = texec_set(x, pipe, i, v, err);

		if (rc < 0)
			return rc;
	}
	*ret = v;
	return 0;
}
