/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_holds.h - which holds stand against applying a stack: those on what it would
 * remove or scale. Other changes of a held stack, of a template for one, are free.
 */
#ifndef CONTROLLER_API_STACK_HOLDS_H
#define CONTROLLER_API_STACK_HOLDS_H

#include "request.h"
#include "stacks.h"

/* Adds them to the list. */
int stack_holds(struct request *r, const struct stack_file *s, json_t *holds,
		struct err *err) MUST_CHECK;

/* The same of other settings of one tier. */
int stack_holds_tier(struct request *r, const struct db_tier *was,
		     const struct db_tier *t, json_t *holds, struct err *err) MUST_CHECK;

#endif
