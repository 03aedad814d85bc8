/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.h - applies a stack to the database, and lists what that changes.
 *
 * Tiers are compared with what is in force, so changes made since the last apply are
 * shown and reverted. Units, hosts and the store follow in the next ticks.
 */
#ifndef CONTROLLER_STACKS_APPLY_H
#define CONTROLLER_STACKS_APPLY_H

#include "db.h"
#include "folder.h"

#define STACK_ANY_VERSION (-1)

/*
 * The change list: [{"action":"add|change|remove|keep","kind":"stack|tier|pool|unit|conf|
 * secret","name","detail"}], empty when nothing would change. The caller owns it.
 */
int stack_diff(struct db *db, const struct stack_file *s, const char *canonical,
	       json_t **ret, struct err *err) MUST_CHECK;

/*
 * Checks for conflicts: a pool or unit of the same name in another stack, or a tier's
 * pool that does not exist. ERR_CONFLICT or ERR_INVAL.
 */
int stack_check(struct db *db, const struct stack_file *s, struct err *err) MUST_CHECK;

/*
 * Writes all of it in one transaction. expect_version: as db_stack_put(); ERR_CONFLICT
 * when it was changed in the meantime.
 */
int stack_apply(struct db *db, const struct stack_file *s, const char *canonical,
		int64_t expect_version, int64_t now_ms, int64_t *ret_version,
		struct err *err) MUST_CHECK;

/*
 * Removes a stack with its tiers; later ticks drain its units and remove its hosts;
 * stack_sweep() deletes its pools.
 */
int stack_remove(struct db *db, const char *name, int64_t expect_version,
		 struct err *err) MUST_CHECK;

/*
 * Deletes pools that no stack declares once their cloud has confirmed that they have no
 * hosts: until then the pool keeps looking for them. For the tick: one read of the pools
 * when there is nothing to do.
 */
int stack_sweep(struct db *db, struct err *err) MUST_CHECK;

#endif
