/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * change_list.h - the list of changes that applying a stack would make, see
 * stack_diff(), and of warnings.
 */
#ifndef CONTROLLER_STACKS_CHANGE_LIST_H
#define CONTROLLER_STACKS_CHANGE_LIST_H

#include "folder.h"

void change_list_add(json_t *to, const char *action, const char *kind, const char *name,
		     const char *detail);

/*
 * "min 1 -> 2, max 4 (set by hand) -> 5", when something differs. Frees old and new.
 * declared: what was written when it was applied last; NULL: not known.
 */
void change_list_add_difference(json_t *to, const char *kind, const char *name,
				json_t *old, json_t *new, const json_t *declared);

/* Adds a sentence to a list of warnings: after CHANGE_LIST_WARNINGS of them one that
 * there are more, and then none. */
#define CHANGE_LIST_WARNINGS 100
bool change_list_is_full(const json_t *warnings);
void change_list_warn(json_t *to, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* diff_events.c; old: NULL when there is none. */
void change_list_add_events(json_t *to, const struct stack_file *old,
			    const struct stack_file *s);

#endif
