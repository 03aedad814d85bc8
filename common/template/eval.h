/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval.h - the value of a pipeline. Inside the template engine only.
 */
#ifndef COMMON_TEMPLATE_EVAL_H
#define COMMON_TEMPLATE_EVAL_H

#include "execution.h"

/* declare: also carry out the pipeline's declaration or assignment. */
int teval_pipe(struct texec *x, const struct tval *dot, const struct tpipe *pipe,
	       bool declare, struct tval *ret, struct err *err) MUST_CHECK;

#endif
