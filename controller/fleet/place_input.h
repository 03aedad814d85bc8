/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place_input.h - the fleet as placement reads it. Inside the room only.
 */
#ifndef CONTROLLER_FLEET_PLACE_INPUT_H
#define CONTROLLER_FLEET_PLACE_INPUT_H

#include "inventory.h"
#include "placement.h"

struct place_building {
	struct place_host *hosts;
	struct place_unit *units; /* of the fleet, in its order, without those gone */
	struct place_pool *pools; /* of the fleet */
	struct words *metadata;   /* of the hosts */
	struct x_fleet *x_fleets; /* of the units */
	size_t n_hosts, n_units;
};

/* Strings are the fleet's. */
void place_build(const struct fleet *f, struct place_building *b);
void place_building_done(struct place_building *b);
DEFINE_CLEANUP_OBJECT(struct place_building, place_building_done);

/* b->units must have room for it. */
void place_add_unit(struct place_building *b, const struct fleet_unit *u);

/*
 * Adds a unit as the tier's next instance would be, once a tier; false when the tier has
 * no further ones. name: its place, as long as b.
 */
bool place_add_probe(struct place_building *b, const struct fleet_tier *t,
		     char name[UNIT_NAME_TEXT]);

#endif
