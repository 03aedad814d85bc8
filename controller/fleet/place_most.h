/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place_most.h - how many instances of a tier its pool could ever hold, whatever hosts it
 * has now.
 */
#ifndef CONTROLLER_FLEET_PLACE_MOST_H
#define CONTROLLER_FLEET_PLACE_MOST_H

#include "inventory.h"

/*
 * Instances of the tier that its pool can hold, beside the units of other tiers that
 * there are; < 0: all that the tier may have. By placing them into new hosts: as many as
 * the pool may have, of the size that it gives them, or that its hosts turned out to
 * have.
 */
int64_t place_most(const struct fleet *f, const struct fleet_tier *t);

#endif
