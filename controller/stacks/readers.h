/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers.h - the parts of reading a stack, for the stack_*.c files alone.
 */
#ifndef CONTROLLER_STACKS_READERS_H
#define CONTROLLER_STACKS_READERS_H

#include "folder.h"

/* conf.c: name, timezone, domain, pools, tiers and secrets of stack.conf. */
int stack_conf_read(struct stack_file *s, const char *text, struct err *err) MUST_CHECK;

/* confd.c: the template resources with their templates. */
int stack_confd_read(struct stack_file *s, const json_t *files,
		     struct err *err) MUST_CHECK;

/* apply.c: NULL when there is none. */
const struct db_tier *stack_tier_in(const struct db_tier_list *l, const char *name);
const struct db_pool *stack_pool_in(const struct db_pool_list *l, const char *name);

#endif
