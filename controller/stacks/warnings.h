/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warnings.h - what a change of tiers means beyond its words, for people, before it is
 * applied: settings that contradict each other, and instances that it ends.
 */
#ifndef CONTROLLER_STACKS_WARNINGS_H
#define CONTROLLER_STACKS_WARNINGS_H

#include "db.h"
#include "folder.h"

/*
 * Sentences on what contradicts itself, with what wins: "web: schedule 'night' asks for
 * 12, but the maximum is 5, which is stronger". Of the stack's tiers and of the pools
 * that they use, as they would be with it. The caller owns *ret, a list of strings.
 */
int stack_warnings(struct db *db, const struct stack_file *s, json_t **ret,
		   struct err *err) MUST_CHECK;
/* The same of one tier of an applied stack, as it would be. */
int stack_tier_warnings(struct db *db, const struct db_tier *t, json_t **ret,
			struct err *err) MUST_CHECK;

/*
 * Adds to a change list the tiers of which it ends instances, by a lower maximum of the
 * tier or of a schedule in force: {"action":"end","kind":"tier","name":"web","detail":"5
 * instances run, the new maximum is 2: 3 are ended"}.
 */
int stack_add_endings(struct db *db, const struct stack_file *s, int64_t now_ms,
		      json_t *changes, struct err *err) MUST_CHECK;
int stack_tier_add_endings(struct db *db, const struct db_tier *t, int64_t now_ms,
			   json_t *changes, struct err *err) MUST_CHECK;

#endif
