/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slots.h"

#include "fnv.h"

#include <string.h>

#define PROBES 8

uint64_t slot_digest(const char *name)
{
	return fnv(FNV_START, name, strlen(name));
}

struct slot *slot_of(struct slot *v, size_t n, uint64_t who)
{
	struct slot *earliest = &v[who % n];

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *s = &v[(who + i) % n];

		if (s->who == who)
			return s;
		if (s->ms < earliest->ms)
			earliest = s;
	}
	return earliest;
}
