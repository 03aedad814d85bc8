/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * minimums.h - whether pools have room for the minimums of their tiers. Inside the room
 * only.
 */
#ifndef CONTROLLER_STACKS_MINIMUMS_H
#define CONTROLLER_STACKS_MINIMUMS_H

#include "folder.h"

/*
 * Adds a warning for each minimum, of a tier or of a schedule, for which its pool has no
 * room, and for each pool that has none for all the minimums of its tiers together. Of
 * the pools that the tiers of s use, or t; the other is NULL.
 */
int minimums_warn(struct db *db, const struct stack_file *s, const struct db_tier *t,
		  json_t *to, struct err *err) MUST_CHECK;

#endif
