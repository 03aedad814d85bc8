/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place_room.h - how many instances of a tier its pool has room for, and which instance
 * of a tier gives way to one of a higher priority.
 */
#ifndef CONTROLLER_FLEET_PLACE_ROOM_H
#define CONTROLLER_FLEET_PLACE_ROOM_H

#include "inventory.h"

/*
 * Sets the tiers' room, and marks the units that are to be given up and the hosts that
 * are kept for those that wait.
 *
 *   spare  [n_tiers] instances of each tier that may be given up to a higher priority
 */
void place_find_room(struct fleet *f, const size_t *spare);

/* "shop/web lacks 4 instances: pool web has room for 4 (max = 4 hosts)", when a tier is
 * kept short by its pool; false when none is. */
bool place_short_of_room(const struct fleet *f, char *text, size_t size);

#endif
