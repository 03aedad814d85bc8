/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h - names in a stack: checked, and looked up.
 */
#ifndef CONTROLLER_STACKS_NAMES_H
#define CONTROLLER_STACKS_NAMES_H

#include "db.h"

#define STACK_NAME_MAX 31 /* bytes in the name of a stack, tier, pool or secret */

/* a-z, then a-z 0-9 and -, at most STACK_NAME_MAX; what names it in the error. */
int stack_name_check(const char *name, const char *what, struct err *err) MUST_CHECK;

/* NULL when there is none. */
const struct db_tier *stack_tier_in(const struct db_tier_list *l, const char *name);
const struct db_pool *stack_pool_in(const struct db_pool_list *l, const char *name);

#endif
