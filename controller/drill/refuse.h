/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refuse.h - what stands against a drill, before it and between its steps.
 */
#ifndef CONTROLLER_DRILL_REFUSE_H
#define CONTROLLER_DRILL_REFUSE_H

#include "drill.h"
#include "look.h"

/* ERR_CONFLICT in words: it is outside the window that was stated with the call, or
 * outside the stack's own, or there is neither. */
int refuse_window(struct db *db, const char *stack, const char *window, int64_t now_ms,
		  struct err *err) MUST_CHECK;
/* One of its hosts would be silent for half as long as ends it, or longer. */
int refuse_long(const struct drill_opts *o, const struct look *l, int64_t for_ms,
		struct err *err) MUST_CHECK;
/* The stack, or a tier of it, is on hold. */
int refuse_hold(struct db *db, const char *stack, int64_t now_ms,
		struct err *err) MUST_CHECK;
/* There is a problem, of its own and not of a stranger. list: as drill_ops.problems gives
 * it. */
int refuse_problems(const json_t *list, struct err *err) MUST_CHECK;

#endif
