/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * removals.h - what goes with a stack, a tier, a pool or a host, for those who are asked.
 */
#ifndef CONTROLLER_API_REMOVALS_H
#define CONTROLLER_API_REMOVALS_H

#include "db.h"

#include <jansson.h>

/* Adds the removal of all of a stack. */
int removals_of_stack(struct db *db, const char *stack, json_t *changes,
		      struct err *err) MUST_CHECK;

/* Names the units and hosts that go with the tiers and pools that a list of changes
 * removes. */
int removals_describe(struct db *db, const char *stack, json_t *changes,
		      struct err *err) MUST_CHECK;

/* Adds what draining a host moves, stops and removes. lost_after_ms: of silence, where
 * its pool says nothing. */
int removals_of_host(struct db *db, const struct db_host *h, int64_t lost_after_ms,
		     json_t *changes, struct err *err) MUST_CHECK;

#endif
