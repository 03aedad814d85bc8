/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patterns.h - what a host can hold.
 */
#ifndef FLEET_ADAPTER_PACKING_PATTERNS_H
#define FLEET_ADAPTER_PACKING_PATTERNS_H

#include "cleanup.h"
#include "packing.h"

#define PATTERNS_MAX 2000

struct pattern {
	size_t type;
	size_t units[PACKING_KINDS_MAX]; /* of each kind; no more fit beside them */
};

struct patterns {
	struct pattern *v; /* [n] */
	size_t n;
};

/* Every one of every type; false: there are too many. */
bool patterns_find(const struct packing_type *types, size_t n_types,
		   const struct packing_kind *kinds, size_t n_kinds,
		   struct patterns *ret);
void patterns_done(struct patterns *p);
DEFINE_CLEANUP_OBJECT(struct patterns, patterns_done);

/* How many units of a kind, at most kind->n, fit into this room. */
size_t packing_fits(double cpu, int64_t memory_bytes, const struct packing_type *type,
		    const struct packing_kind *kind);

#endif
