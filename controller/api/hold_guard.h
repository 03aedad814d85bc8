/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold_guard.h - refuses what a hold forbids: to delete, drain or scale what is held.
 *
 * The holds that stand against a request are collected, then hold_guard() refuses it
 * unless ?force= names each of them.
 */
#ifndef CONTROLLER_API_HOLD_GUARD_H
#define CONTROLLER_API_HOLD_GUARD_H

#include "request.h"

/* Adds the holds in force on a tier: its own and those on its whole stack; tier NULL: all
 * of the stack. A hold is added once. */
int hold_guard_add(struct request *r, json_t *holds, const char *stack, const char *tier,
		   struct err *err) MUST_CHECK;
/* Those on the units of a host, and on the stack that its pool belongs to. */
int hold_guard_add_host(struct request *r, json_t *holds, const struct db_host *h,
			struct err *err) MUST_CHECK;
/* Those on a stack, and on whatever runs on hosts of its pools. */
int hold_guard_add_stack(struct request *r, json_t *holds, const char *stack,
			 struct err *err) MUST_CHECK;

/* The list without the holds that ?force=3,5 names; ERR_INVAL when it is no such list. */
int hold_guard_forced(struct request *r, json_t *holds, struct err *err) MUST_CHECK;

/* ERR_CONFLICT in words, with the holds in the failure's document, unless there are none.
 * what: "delete shop". */
int hold_guard(struct request *r, const json_t *holds, const char *what,
	       struct err *err) MUST_CHECK;

#endif
