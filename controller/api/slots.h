/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slots.h - a time by name in a table that does not grow: when there is no room for a
 * name, one with an early time gives way. Not locked.
 */
#ifndef CONTROLLER_API_SLOTS_H
#define CONTROLLER_API_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot {
	uint64_t who; /* digest of the name; 0: free */
	int64_t ms;
};

uint64_t slot_digest(const char *name);
/* The slot of who in v [n], or, where who has none, that of the earliest time among those
 * that it could have. */
struct slot *slot_of(struct slot *v, size_t n, uint64_t who);

#endif
