/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_change.h - a request that gives a stack another content.
 */
#ifndef CONTROLLER_API_STACK_CHANGE_H
#define CONTROLLER_API_STACK_CHANGE_H

#include "request.h"
#include "stacks.h"

/*
 * Checks the stack, compares it with the one in force and, without dry_run, applies it
 * under the request's If-Match, unless a hold forbids it. text: its canonical form.
 * *ret: {"changes","warnings","holds","applied","version","plan"}, the caller's.
 */
int api_stack_change(struct request *r, const struct stack_file *s, const char *text,
		     bool dry_run, json_t **ret, struct err *err) MUST_CHECK;

/* stack_check.c: its events, drivers, expressions, pools and units. Asks no database but
 * for names. */
int stack_check_whole(struct request *r, const struct stack_file *s,
		      struct err *err) MUST_CHECK;

/* The answer's ETag: "v3". */
void stack_set_etag(struct request *r, int64_t version);

#endif
