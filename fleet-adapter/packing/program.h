/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - the integer program over patterns.
 */
#ifndef FLEET_ADAPTER_PACKING_PROGRAM_H
#define FLEET_ADAPTER_PACKING_PROGRAM_H

#include "patterns.h"

/* False: no plan was found within the number of nodes. */
bool program_solve(const struct patterns *p, const struct packing_type *types,
		   const struct packing_kind *kinds, size_t n_kinds, struct packing *ret);

#endif
