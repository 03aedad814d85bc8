/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.h - brings the database to a stack that was read, and says what that
 * changes.
 *
 * Tiers are compared with what is in force, so a change by hand since the last apply is
 * shown and undone. Units, hosts and the store follow in the next ticks.
 */
#ifndef CONTROLLER_STACKS_APPLY_H
#define CONTROLLER_STACKS_APPLY_H

#include "db.h"
#include "folder.h"

#define STACK_ANY_VERSION (-1)

/*
 * The change list: [{"action":"add|change|remove|keep","kind":"stack|tier|pool|unit|conf|
 * secret","name","detail"}], empty when nothing would change. The caller's.
 */
int stack_diff(struct db *db, const struct stack_file *s, const char *canonical,
	       json_t **ret, struct err *err) MUST_CHECK;

/*
 * What stands against it in other stacks: a pool or unit of the same name, a pool that is
 * in no stack.conf. ERR_CONFLICT or ERR_INVAL.
 */
int stack_check(struct db *db, const struct stack_file *s, struct err *err) MUST_CHECK;

/*
 * Writes all of it in one transaction. expect_version: as db_stack_put(); ERR_CONFLICT
 * when it was applied by somebody else meanwhile.
 */
int stack_apply(struct db *db, const struct stack_file *s, const char *canonical,
		int64_t expect_version, int64_t now_ms, int64_t *ret_version,
		struct err *err) MUST_CHECK;

/*
 * Removes a stack with its tiers; its units are drained and its hosts removed by the
 * ticks that follow, its pools go with stack_sweep().
 */
int stack_remove(struct db *db, const char *name, int64_t expect_version,
		 struct err *err) MUST_CHECK;

/*
 * Deletes pools that no stack declares any more once they have no host and their cloud
 * has confirmed it: as long as one may run there, its pool looks for it. For the tick:
 * costs a read of the pools when there is nothing to do.
 */
int stack_sweep(struct db *db, struct err *err) MUST_CHECK;

#endif
