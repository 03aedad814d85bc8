/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_units.h - from the number of instances of a tier to the individual ones.
 *
 * Changes only the fleet: adds units, drains them, deletes drained ones. An instance that
 * must leave its host is replaced first and drained when the others can carry the tier.
 * One that is no template's leaves its name to its successor for that
 * (fleet_unit_leave_name()): both have records in DNS until it is drained. One that holds
 * state and is no template's, or that is given up (failing_units.h), is drained first.
 *
 * A new unit text is rolled out one instance at a time, each when all others are healthy
 * for some seconds and the roll-out has not stopped (rollout.h). Until it is done,
 * instances are added with the text before it.
 */
#ifndef CONTROLLER_FLEET_PLAN_UNITS_H
#define CONTROLLER_FLEET_PLAN_UNITS_H

#include "inventory.h"
#include "unitfile.h"

/*
 * Brings the units of every tier towards its desired number; a tier without a cat is left
 * as it is. Re-indexes the fleet.
 */
void unit_plan(struct fleet *f);

/* The name of the n-th instance of a template. */
void unit_instance_name(const char *template, size_t n, char name[UNIT_NAME_TEXT]);

#endif
