/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Executes the nodes of a template: text, actions, branches, loops,
 * other templates. */
#include "template.h"

#include "check.h"
#include "eval.h"

#include <string.h>

#define POOL_MAX ((size_t)32 << 20)

/* How a list of nodes was left. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static int walk(struct texec *x, const struct tval *dot, const struct tnode *list,
		enum flow *flow, struct err *err);

static int walk_branch(struct texec *x, const struct tval *dot, const struct tnode *n,
		       enum flow *flow, struct err *err)
{
	size_t vars = x->n_vars;
	struct tval v;
	int rc = teval_pipe(x, dot, n->pipe, true, &v, err);

	if (rc < 0)
		return rc;
	if (tval_is_true(&v))
		rc = walk(x, n->kind == TN_WITH ? &v : dot, n->body, flow, err);
	else
		rc = walk(x, dot, n->other, flow, err);
	x->n_vars = vars;
	return rc;
}

static int set_range_vars(struct texec *x, const struct tnode *n, const struct tval *key,
			  const struct tval *elem, struct err *err)
{
	const struct tpipe *p = n->pipe;

	for (size_t i = 0; i < p->n_vars; i++) {
		const struct tval *v = p->n_vars == 2 && i == 0 ? key : elem;
		int rc = texec_set(x, p, i, *v, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* One round of a range; *stop is set by {{break}}. */
static int walk_element(struct texec *x, const struct tnode *n, struct tval key,
			struct tval elem, bool *stop, struct err *err)
{
	size_t vars = x->n_vars;
	enum flow flow = FLOW_ON;
	int rc = texec_check(x, n->line, err);

	if (rc == 0)
		rc = set_range_vars(x, n, &key, &elem, err);
	if (rc == 0)
		rc = walk(x, &elem, n->body, &flow, err);
	x->n_vars = vars;
	*stop = rc < 0 || flow == FLOW_BREAK;
	return rc;
}

static int walk_elements(struct texec *x, const struct tnode *n, const struct tval *v,
			 struct err *err)
{
	bool stop = false;
	int rc = 0;

	if (v->kind == TV_LIST)
		for (size_t i = 0; i < v->list->n && !stop; i++)
			rc = walk_element(x, n, tval_int((int64_t)i), v->list->v[i],
					  &stop, err);
	else if (v->kind == TV_MAP)
		for (size_t i = 0; i < v->map->n && !stop; i++)
			rc = walk_element(x, n,
					  (struct tval){ .kind = TV_STRING,
							 .str = v->map->m[i].key },
					  v->map->m[i].val, &stop, err);
	else
		for (int64_t i = 0; i < v->i && !stop; i++)
			rc = walk_element(x, n, tval_int(i), tval_int(i), &stop, err);
	return rc;
}

static size_t range_size(const struct tval *v)
{
	if (v->kind == TV_LIST)
		return v->list->n;
	if (v->kind == TV_MAP)
		return v->map->n;
	return v->kind == TV_INT && v->i > 0;
}

static int walk_range(struct texec *x, const struct tval *dot, const struct tnode *n,
		      enum flow *flow, struct err *err)
{
	size_t vars = x->n_vars;
	char text[64];
	struct tval v;
	int rc = teval_pipe(x, dot, n->pipe, false, &v, err);

	if (rc < 0)
		return rc;
	if (v.kind != TV_LIST && v.kind != TV_MAP && v.kind != TV_INT && v.kind != TV_NIL)
		return texec_fail(x, n->line, err, "range can't iterate over a %s",
				  tval_type(&v, text));
	if (range_size(&v) > 0) {
		rc = walk_elements(x, n, &v, err);
	} else if (n->other) {
		rc = set_range_vars(x, n, &v, &v, err);
		if (rc == 0)
			rc = walk(x, dot, n->other, flow, err);
	}
	x->n_vars = vars;
	return rc;
}

/* The called template sees only $, which is its dot. */
static int run_template(struct texec *x, const struct tval *dot, const struct tnode *n,
			const struct tnode *body, struct err *err)
{
	size_t vars = x->n_vars;
	enum flow flow = FLOW_ON;
	int rc;

	rc = texec_push(x, n->line, (struct tstr){ .s = "$", .n = 1 }, *dot, err);
	if (rc == 0)
		rc = walk(x, dot, body, &flow, err);
	x->n_vars = vars;
	return rc;
}

static int walk_template(struct texec *x, const struct tval *dot, const struct tnode *n,
			 struct err *err)
{
	struct tval arg = { .kind = TV_NIL };
	size_t vars = x->n_vars;
	int rc = n->pipe ? teval_pipe(x, dot, n->pipe, true, &arg, err) : 0;

	if (rc < 0)
		return rc;
	for (const struct tdefine *d = x->t->defines; d; d = d->next)
		if (tstr_compare(d->name, n->str) == 0) {
			rc = run_template(x, &arg, n, d->body, err);
			x->n_vars = vars;
			return rc;
		}
	if (tstr_is(n->str, x->t->name))
		return run_template(x, &arg, n, x->t->body, err);
	return texec_fail(x, n->line, err, "template \"%s\" not defined", n->str.s);
}

static int walk_action(struct texec *x, const struct tval *dot, const struct tnode *n,
		       struct err *err)
{
	struct tval v;
	size_t before = x->out->len;
	int rc = teval_pipe(x, dot, n->pipe, true, &v, err);

	if (rc < 0 || n->pipe->n_vars)
		return rc;
	if (v.kind == TV_NIL)
		buf_puts(x->out, "<no value>");
	else
		tval_print(x->out, &v);
	x->run.steps += (int64_t)(x->out->len - before) / 256;
	return 0;
}

static int walk_node(struct texec *x, const struct tval *dot, const struct tnode *n,
		     enum flow *flow, struct err *err)
{
	switch (n->kind) {
	case TN_TEXT:
		buf_add(x->out, n->str.s, n->str.n);
		return 0;
	case TN_ACTION:
		return walk_action(x, dot, n, err);
	case TN_IF:
	case TN_WITH:
		return walk_branch(x, dot, n, flow, err);
	case TN_RANGE:
		return walk_range(x, dot, n, flow, err);
	case TN_TEMPLATE:
		return walk_template(x, dot, n, err);
	case TN_BREAK:
		*flow = FLOW_BREAK;
		return 0;
	case TN_CONTINUE:
		*flow = FLOW_CONTINUE;
		return 0;
	case TN_DOT:
	case TN_VAR:
	case TN_PAREN:
	case TN_CALL:
	case TN_VALUE:
	case TN_NOTHING:
		break;
	}
	CHECK(!"a node of a list");
	return 0;
}

static int walk(struct texec *x, const struct tval *dot, const struct tnode *list,
		enum flow *flow, struct err *err)
{
	x->depth++;
	for (const struct tnode *n = list; n && *flow == FLOW_ON; n = n->next) {
		int rc = texec_check(x, n->line, err);

		if (rc == 0)
			rc = walk_node(x, dot, n, flow, err);
		if (rc < 0)
			return rc;
	}
	x->depth--;
	return 0;
}

static struct tval starting_dot(struct tpool *p, const struct template_var *vars,
				size_t n_vars)
{
	struct tval dot;

	if (!n_vars)
		return (struct tval){ .kind = TV_NIL };
	dot = tval_map(p);
	for (size_t i = 0; i < n_vars; i++)
		tmap_set(p, &dot, tstr_new(p, vars[i].name, strlen(vars[i].name)),
			 tval_cstr(p, vars[i].value));
	return dot;
}

int template_execute(const struct template *t, const struct template_source *source,
		     const struct template_var *vars, size_t n_vars, struct buf *out,
		     struct err *err)
{
	CLEANUP(free) struct texec *x = xcalloc(1, sizeof(*x));
	enum flow flow = FLOW_ON;
	struct tval dot;
	int rc;

	x->t = t;
	x->run.source = source;
	x->run.steps_max = source->steps_max ? source->steps_max : TEMPLATE_STEPS;
	x->out = out;
	tpool_init(&x->run.pool, POOL_MAX);
	dot = starting_dot(&x->run.pool, vars, n_vars);
	rc = texec_push(x, 0, (struct tstr){ .s = "$", .n = 1 }, dot, err);
	if (rc == 0)
		rc = walk(x, &dot, t->body, &flow, err);
	if (rc == 0)
		rc = texec_check(x, 0, err);
	tpool_done(&x->run.pool);
	return rc;
}
