/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "execution.h"

#include <stdarg.h>
#include <stdio.h>

#define DEPTH_MAX 400

int texec_fail(const struct texec *x, int line, struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INVAL, "%s:%d: %s", x->t->name, line, text);
}

int texec_check(struct texec *x, int line, struct err *err)
{
	const char *what = NULL;

	if (++x->run.steps > x->run.steps_max)
		what = "runs too long";
	else if (x->depth > DEPTH_MAX)
		what = "calls too deeply";
	else if (tpool_is_full(&x->run.pool))
		what = "needs too much memory";
	else if (buf_is_full(x->out))
		what = "writes too much output";
	if (!what)
		return 0;
	return err_set(err, ERR_LIMIT, "%s:%d: the template %s", x->t->name, line, what);
}

/* ---------------------------------------------------------------- variables */

int texec_push(struct texec *x, int line, struct tstr name, struct tval v,
	       struct err *err)
{
	if (x->n_vars == TEXEC_VARS_MAX)
		return err_set(err, ERR_LIMIT, "%s:%d: too many variables", x->t->name,
			       line);
	x->vars[x->n_vars].name = name;
	x->vars[x->n_vars++].val = v;
	return 0;
}

struct tval *texec_find(struct texec *x, struct tstr name)
{
	for (size_t i = x->n_vars; i > 0; i--)
		if (tstr_compare(x->vars[i - 1].name, name) == 0)
			return &x->vars[i - 1].val;
	return NULL;
}

int texec_set(struct texec *x, const struct tpipe *pipe, size_t i, struct tval v,
	      struct err *err)
{
	struct tval *var = pipe->assigns ? texec_find(x, pipe->vars[i]) : NULL;

	if (!var)
		return texec_push(x, pipe->line, pipe->vars[i], v, err);
	*var = v;
	return 0;
}
