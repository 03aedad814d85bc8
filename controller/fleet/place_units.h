/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place_units.h - places the fleet's units on hosts and determines how many hosts each
 * pool needs.
 */
#ifndef CONTROLLER_FLEET_PLACE_UNITS_H
#define CONTROLLER_FLEET_PLACE_UNITS_H

#include "inventory.h"

/* Units that move to balance hosts; kept from tick to tick. */
struct place_moves;
struct place_moves *place_moves_new(void);
void place_moves_free(struct place_moves *m);
DEFINE_CLEANUP(struct place_moves *, place_moves_free);

/* Before unit_plan(): marks units as leaving that an earlier round chose to move. */
void place_mark_moves(struct place_moves *m, struct fleet *f);

/*
 * "unit db.service of shop/db stays on host old-1 of pool old: ...", when instances of a
 * stateful tier are not in its pool; false when none is.
 */
bool place_misplaced(const struct fleet *f, char *text, size_t size);

struct place_result {
	int64_t *want;      /* [pools.n] hosts that each pool should have */
	const char **leave; /* [n_leave] ids of empty hosts that are not needed */
	size_t n_leave;
	size_t waiting; /* units without a host */
};
void place_result_done(struct place_result *r);
DEFINE_CLEANUP_OBJECT(struct place_result, place_result_done);

/*
 * Sets host, placed_ms and message of units; at most max_moves more units are noted to be
 * moved. Starting hosts count as future room.
 */
void place_units(struct fleet *f, struct place_moves *m, size_t max_moves,
		 struct place_result *ret);

#endif
