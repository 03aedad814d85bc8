/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * first_fit.h - hosts of the one type that is cheapest when each unit, the largest first,
 * goes to the first host with room.
 */
#ifndef FLEET_ADAPTER_PACKING_FIRST_FIT_H
#define FLEET_ADAPTER_PACKING_FIRST_FIT_H

#include "packing.h"

/* *ret is left alone when no type has room for every kind. Cost O(kinds * hosts). */
void first_fit(const struct packing_type *types, size_t n_types,
	       const struct packing_kind *kinds, size_t n_kinds, struct packing *ret);

#endif
