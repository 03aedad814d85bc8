/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choices.h - the types and zones that a pool may launch its hosts with, in order of
 * preference.
 *
 * Pure.
 */
#ifndef CONTROLLER_POOLS_CHOICES_H
#define CONTROLLER_POOLS_CHOICES_H

#include "cleanup.h"

#include <stddef.h>

#define CHOICES_MOST 16 /* types, and zones */

struct choice {
	const char *type, *zone; /* "": the driver's own */
};

/* All zero is one choice: the driver's own type and zone. */
struct choices {
	char *types[CHOICES_MOST], *zones[CHOICES_MOST];
	size_t n_types, n_zones;
};

/* Of lists such as "a, b, c", each of which may be empty or NULL; more than the most are
 * left out. */
void choices_read(struct choices *c, const char *types, const char *zones);
void choices_done(struct choices *c);

/* A type is tried in all zones, then the next type. */
size_t choices_n(const struct choices *c);
struct choice choices_at(const struct choices *c, size_t i);

#endif
