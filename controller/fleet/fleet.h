/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h - hosts and units: observed, planned, placed and published.
 */
#ifndef CONTROLLER_FLEET_FLEET_H
#define CONTROLLER_FLEET_FLEET_H

#include "catalog.h"
#include "failing.h"
#include "inventory.h"
#include "observe.h"
#include "place.h"
#include "plan.h"
#include "publish.h"
#include "view.h"

#endif
