/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place.h - every item in its turn: stays, or is placed on a host that is up. Inside the
 * room only.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_PLACE_H
#define FLEET_ADAPTER_PLACEMENT_PLACE_H

#include "state.h"

/* What finds no place is left in s->waiting. */
void placement_place_all(struct state *s);
/* Puts an item on a bin, as its row then says; those that it replaces give way. */
void place_settle(struct state *s, int item, int bin);

#endif
