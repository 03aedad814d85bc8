/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h - from desired counts to what hosts run: one tick's inventory of hosts and
 * units, updated from the store, planned, placed on hosts, and published to the store.
 */
#ifndef CONTROLLER_FLEET_FLEET_H
#define CONTROLLER_FLEET_FLEET_H

#include "adopt_host.h"
#include "failing_units.h"
#include "inventory.h"
#include "observe.h"
#include "place_most.h"
#include "place_room.h"
#include "place_units.h"
#include "plan_units.h"
#include "publication.h"
#include "registrations.h"
#include "rights.h"
#include "sick_units.h"
#include "stack_catalog.h"
#include "store_users.h"
#include "store_view.h"

#endif
