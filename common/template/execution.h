/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * execution.h - one execution of a template: its variables, bounds and errors. Inside the
 * template engine only.
 */
#ifndef COMMON_TEMPLATE_EXECUTION_H
#define COMMON_TEMPLATE_EXECUTION_H

#include "ast.h"

#define TEXEC_VARS_MAX 512

struct texec {
	struct trun run;
	const struct template *t;
	struct buf *out;
	int depth; /* of lists and pipelines in each other */
	size_t n_vars;
	struct {
		struct tstr name;
		struct tval val;
	} vars[TEXEC_VARS_MAX];
};

/* ERR_INVAL with "NAME:LINE: ..." */
int texec_fail(const struct texec *x, int line, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Counts a step; ERR_LIMIT when a bound is passed. */
int texec_check(struct texec *x, int line, struct err *err) MUST_CHECK;

/* Declares a variable, in scope until n_vars is set back. */
int texec_push(struct texec *x, int line, struct tstr name, struct tval v,
	       struct err *err) MUST_CHECK;
/* The innermost of that name; NULL when there is none. */
struct tval *texec_find(struct texec *x, struct tstr name);
/* Declares or assigns the i-th variable of a pipeline, as it says. */
int texec_set(struct texec *x, const struct tpipe *pipe, size_t i, struct tval v,
	      struct err *err) MUST_CHECK;

#endif
