/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "template.h"

#include "ast.h"
#include "check.h"

#include <stdarg.h>
#include <string.h>

#define POOL_MAX ((size_t)32 << 20)
#define STEPS_MAX 1000000
#define DEPTH_MAX 400 /* of lists and pipelines in each other */
#define NEST_MAX 100  /* of lists and maps in each other */
#define VARS_MAX 512

struct texec {
	const struct template *t;
	const struct template_source *source;
	struct buf *out;
	struct tpool pool;
	int64_t steps;
	int depth;
	size_t n_vars;
	struct {
		struct tstr name;
		struct tval val;
	} vars[VARS_MAX];
};

/* How a list of nodes was left. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static int eval_pipe(struct texec *x, const struct tval *dot, const struct tpipe *pipe,
		     bool declare, struct tval *ret, struct err *err);
static int walk(struct texec *x, const struct tval *dot, const struct tnode *list,
		enum flow *flow, struct err *err);

struct tpool *texec_pool(struct texec *x)
{
	return &x->pool;
}

const struct template_source *texec_source(const struct texec *x)
{
	return x->source;
}

static int fail(const struct texec *x, int line, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(const struct texec *x, int line, struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INVAL, "%s:%d: %s", x->t->name, line, text);
}

void texec_charge(struct texec *x, size_t work)
{
	x->steps += (int64_t)work;
}

static int check_bounds(struct texec *x, int line, struct err *err)
{
	const char *what = NULL;

	if (++x->steps > STEPS_MAX)
		what = "runs too long";
	else if (x->depth > DEPTH_MAX)
		what = "calls too deeply";
	else if (tpool_is_full(&x->pool))
		what = "needs too much memory";
	else if (buf_is_full(x->out))
		what = "makes too much output";
	if (!what)
		return 0;
	return err_set(err, ERR_LIMIT, "%s:%d: the template %s", x->t->name, line, what);
}

/* ---------------------------------------------------------------- variables */

static int push(struct texec *x, int line, struct tstr name, struct tval v,
		struct err *err)
{
	if (x->n_vars == VARS_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: too many variables", x->t->name,
			       line);
	x->vars[x->n_vars].name = name;
	x->vars[x->n_vars++].val = v;
	return 0;
}

static struct tval *find_var(struct texec *x, struct tstr name)
{
	for (size_t i = x->n_vars; i > 0; i--)
		if (tstr_compare(x->vars[i - 1].name, name) == 0)
			return &x->vars[i - 1].val;
	return NULL;
}

/* ---------------------------------------------------------------- functions */

const struct tfunc *tfunc_find(struct tstr name)
{
	static const struct tfunc *const tables[] = { tfuncs_builtin, tfuncs_text,
						      tfuncs_store };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct tfunc *f = tables[i]; f->name; f++)
			if (tstr_is(name, f->name))
				return f;
	return NULL;
}

static bool list_has_only(const struct tval *v, enum tkind kind)
{
	for (size_t i = 0; i < v->list->n; i++)
		if (v->list->v[i].kind != kind)
			return false;
	return true;
}

static bool has_type(const struct tval *v, char type)
{
	switch (type) {
	case 's':
		return v->kind == TV_STRING;
	case 'i':
		return v->kind == TV_INT;
	case 'b':
		return v->kind == TV_BOOL;
	case 'k':
		return v->kind == TV_LIST;
	case 'l':
		return v->kind == TV_LIST && list_has_only(v, TV_STRING);
	default:
		return true;
	}
}

static const char *type_word(char type)
{
	switch (type) {
	case 's':
		return "string";
	case 'i':
		return "int";
	case 'b':
		return "bool";
	case 'k':
		return "a list";
	case 'l':
		return "[]string";
	default:
		return "any value";
	}
}

static int check_types(const struct texec *x, int line, const struct tfunc *f,
		       const struct tval *args, size_t n, struct err *err)
{
	const char *t = f->types;
	bool optional = false;
	char type = 'v', text[64];

	for (size_t i = 0; i < n; i++) {
		if (*t == '?') {
			optional = true;
			t++;
		}
		if (*t && *t != '*')
			type = *t++;
		else if (*t != '*')
			return fail(x, line, err, "too many arguments for %s", f->name);
		if (!has_type(&args[i], type))
			return fail(x, line, err,
				    "wrong type for argument %zu of %s: expected %s, got "
				    "%s",
				    i + 1, f->name, type_word(type),
				    tval_type(&args[i], text));
	}
	if (*t && *t != '?' && *t != '*' && !optional)
		return fail(x, line, err, "not enough arguments for %s", f->name);
	return 0;
}

/* and, or: stop at the first argument that decides. */
static int eval_logic(struct texec *x, const struct tval *dot, const struct tcommand *c,
		      const struct tval *final, bool stop_at, struct tval *ret,
		      struct err *err);
static int eval_arg(struct texec *x, const struct tval *dot, const struct tnode *n,
		    struct tval *ret, struct err *err);

/* What a call costs beyond one step: long strings and lists take longer. */
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
	int rc = check_types(x, line, f, args, n, err);

	if (rc < 0)
		return rc;
	texec_charge(x, work_of(args, n));
	rc = f->fn(x, args, n, ret, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s:%d: error calling %s", x->t->name, line,
				f->name);
	if (tval_depth(ret) > NEST_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: %s makes values too deep",
			       x->t->name, line, f->name);
	return check_bounds(x, line, err);
}

/* args: the operands behind the function's name; final: what the pipe brings, or NULL. */
static int eval_call(struct texec *x, const struct tval *dot, const struct tnode *name,
		     const struct tnode *args, const struct tval *final, struct tval *ret,
		     struct err *err)
{
	size_t n = final ? 1 : 0;
	struct tval *v;
	int rc;

	for (const struct tnode *a = args; a; a = a->next)
		n++;
	v = tpool_alloc(&x->pool, (n + 1) * sizeof(*v));
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
		return fail(x, line, err, "can't evaluate field %s in type time.Time",
			    name);
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
		member = tmap_get(v->map, name);
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
	return fail(x, line, err, "can't evaluate field %s in type %s", name.s,
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

/* The operand without regard to arguments. */
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
		var = find_var(x, n->str);
		if (!var)
			return fail(x, n->line, err, "undefined variable \"%s\"",
				    n->str.s);
		v = *var;
		break;
	case TN_PAREN:
		rc = eval_pipe(x, dot, n->pipe, true, &v, err);
		break;
	case TN_CALL:
		if (tstr_is(n->str, "and") || tstr_is(n->str, "or"))
			return fail(x, n->line, err, "not enough arguments for %s",
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
		return fail(x, n->line, err, "Format needs an argument");
	return rc;
}

/* ---------------------------------------------------------------- commands */

static int eval_logic(struct texec *x, const struct tval *dot, const struct tcommand *c,
		      const struct tval *final, bool stop_at, struct tval *ret,
		      struct err *err)
{
	if (!c->args->next && !final)
		return fail(x, c->line, err, "not enough arguments for %s",
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
		return fail(x, c->line, err, "Format takes one string");
	template_time_format(&b, ret->i, layout.str);
	*ret = tval_str(&x->pool, buf_str(&b), b.len);
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
		return fail(x, c->line, err, "can't give argument to non-function");
	if (first->kind == TN_NOTHING)
		return fail(x, c->line, err, "nil is not a command");
	return 0;
}

/* declare: also carry out the pipeline's declaration or assignment. */
static int eval_pipe(struct texec *x, const struct tval *dot, const struct tpipe *pipe,
		     bool declare, struct tval *ret, struct err *err)
{
	struct tval v = { .kind = TV_NIL };

	x->depth++;
	for (const struct tcommand *c = pipe->commands; c; c = c->next) {
		struct tval before = v;
		int rc = check_bounds(x, c->line, err);

		if (rc == 0)
			rc = eval_command(x, dot, c, c == pipe->commands ? NULL : &before,
					  &v, err);
		if (rc < 0)
			return rc;
	}
	x->depth--;
	for (size_t i = 0; declare && i < pipe->n_vars; i++) {
		struct tval *var = pipe->assigns ? find_var(x, pipe->vars[i]) : NULL;
		int rc = 0;

		if (var)
			*var = v;
		else
			rc = push(x, pipe->line, pipe->vars[i], v, err);
		if (rc < 0)
			return rc;
	}
	*ret = v;
	return 0;
}

/* ---------------------------------------------------------------- control */

static int walk_branch(struct texec *x, const struct tval *dot, const struct tnode *n,
		       enum flow *flow, struct err *err)
{
	size_t vars = x->n_vars;
	struct tval v;
	int rc = eval_pipe(x, dot, n->pipe, true, &v, err);

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
		struct tval *var = p->assigns ? find_var(x, p->vars[i]) : NULL;
		int rc = 0;

		if (var)
			*var = *v;
		else
			rc = push(x, n->line, p->vars[i], *v, err);
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
	int rc = check_bounds(x, n->line, err);

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
	int rc = eval_pipe(x, dot, n->pipe, false, &v, err);

	if (rc < 0)
		return rc;
	if (v.kind != TV_LIST && v.kind != TV_MAP && v.kind != TV_INT && v.kind != TV_NIL)
		return fail(x, n->line, err, "range can't iterate over a %s",
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

	rc = push(x, n->line, (struct tstr){ .s = "$", .n = 1 }, *dot, err);
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
	int rc = n->pipe ? eval_pipe(x, dot, n->pipe, true, &arg, err) : 0;

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
	return fail(x, n->line, err, "template \"%s\" not defined", n->str.s);
}

static int walk_action(struct texec *x, const struct tval *dot, const struct tnode *n,
		       struct err *err)
{
	struct tval v;
	int rc = eval_pipe(x, dot, n->pipe, true, &v, err);

	if (rc < 0 || n->pipe->n_vars)
		return rc;
	if (v.kind == TV_NIL)
		buf_puts(x->out, "<no value>");
	else
		tval_print(x->out, &v);
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
		int rc = check_bounds(x, n->line, err);

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
	x->source = source;
	x->out = out;
	tpool_init(&x->pool, POOL_MAX);
	dot = starting_dot(&x->pool, vars, n_vars);
	rc = push(x, 0, (struct tstr){ .s = "$", .n = 1 }, dot, err);
	if (rc == 0)
		rc = walk(x, &dot, t->body, &flow, err);
	if (rc == 0)
		rc = check_bounds(x, 0, err);
	tpool_done(&x->pool);
	return rc;
}
