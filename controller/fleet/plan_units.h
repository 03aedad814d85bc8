/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_units.h - from how many instances a tier shall have to which ones.
 *
 * Pure over the fleet: adds units, lets them drain, deletes those that have drained.
 * An instance that must leave its host is replaced first and drained when the others
 * carry the tier; one whose name can exist only once, or that is given up
 * (failing_units.h), is drained first. A new unit text is rolled out one instance at a
 * time, each when all others are healthy for some seconds.
 */
#ifndef CONTROLLER_FLEET_PLAN_UNITS_H
#define CONTROLLER_FLEET_PLAN_UNITS_H

#include "inventory.h"

/*
 * Brings the units of every tier towards its desired number; a tier whose cat is not
 * known stays as it is. Indexes the fleet anew.
 */
void unit_plan(struct fleet *f);

#endif
