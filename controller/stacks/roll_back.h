/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_back.h - earlier versions of a stack, to go back to.
 */
#ifndef CONTROLLER_STACKS_ROLL_BACK_H
#define CONTROLLER_STACKS_ROLL_BACK_H

#include "db.h"
#include "folder.h"

/*
 * Which version to go back to, of those that are kept: the latest whose stack has a unit
 * with that text's hash, or, for hash "", the latest that differs from the one in force.
 * ERR_NOT_FOUND when there is none.
 */
int stack_find_earlier(struct db *db, const char *stack, const char *hash,
		       struct db_stack_version *ret, struct err *err) MUST_CHECK;

/* One by its number; ERR_NOT_FOUND says which there are. */
int stack_find_version(struct db *db, const char *stack, int64_t version,
		       struct db_stack_version *ret, struct err *err) MUST_CHECK;

/*
 * What `foretide rollback STACK` goes back to: the latest version with the text that was
 * good before a roll-out that has stopped, else the latest that differs.
 */
int stack_find_default(struct db *db, const char *stack, struct db_stack_version *ret,
		       struct err *err) MUST_CHECK;

/*
 * Gives the unit the text with the hash again, as the latest version has it that has it,
 * in a new version. No person looks at it: nothing else changes, also not what was set by
 * hand, and no other roll-out that has stopped begins anew.
 * expect_version: the one in force. ERR_NOT_FOUND when none has it.
 */
int stack_go_back(struct db *db, const char *stack, const char *unit, const char *hash,
		  int64_t expect_version, int64_t now_ms, int64_t *ret_from,
		  int64_t *ret_version, struct err *err) MUST_CHECK;

#endif
