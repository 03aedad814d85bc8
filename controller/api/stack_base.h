/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_base.h - what a change of a stack was compared with. Comparing takes time, and is
 * done before the transaction that writes; there it is enough that the base is the same.
 */
#ifndef CONTROLLER_API_STACK_BASE_H
#define CONTROLLER_API_STACK_BASE_H

#include "request.h"
#include "trust.h"

#define STACK_BASE TOKEN_HASH_TEXT

/* A hash of the stack's version, of what is declared of its tiers, and of the holds on it
 * at now_ms. Some reads by index. */
int stack_base(struct db *db, const char *name, int64_t now_ms, char ret[STACK_BASE],
	       struct err *err) MUST_CHECK;

#endif
