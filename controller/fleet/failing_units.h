/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_units.h - instances that repeatedly fail to start: detected, reported,
 * replaced.
 *
 * An instance is failing when its agent gave up restarting its unit, or has restarted it
 * five times since it last was healthy for a minute. It is reported once, is a problem
 * until it is stable, and does not count as starting. After five minutes another instance
 * replaces it: on another host, a new one if needed, or on the same one when the pool is
 * at its maximum. When that has not helped it fails everywhere: from then on, after twice
 * as long each time up to an hour, all that fail are run again where they are. So one
 * host at most is launched for a tier until all of it is stable again, and one an hour;
 * none for a text that has stopped its own roll-out (rollout.h). Instances of stateful
 * tiers and of tiers on hold are not replaced; nor is one whose agent is silent.
 *
 * Kept in memory: after a restart, what still fails is reported again. One thread.
 */
#ifndef CONTROLLER_FLEET_FAILING_UNITS_H
#define CONTROLLER_FLEET_FAILING_UNITS_H

#include "events.h"
#include "inventory.h"

struct failing;

struct failing *failing_new(void);
void failing_free(struct failing *f);
DEFINE_CLEANUP(struct failing *, failing_free);

/*
 * After observe() and before unit_plan(): sets failing, sick, seen_down, unsteady and
 * give_up of the units and avoid of the tiers, which points into f until the next call.
 *   is_trusted   false: the view is old, or most hosts are silent: units stay what they
 *                were, and none is given up
 *   now_mono_ms  real
 */
void failing_update(struct failing *f, struct fleet *fleet, bool is_trusted,
		    int64_t now_mono_ms, const struct events *events);

/* "unit web@3.service on host web-1 failed 5 times: ..."; false when none fails. */
bool failing_problem(const struct fleet *fleet, char *text, size_t size);

/*
 * "1 of 3 instances of shop/web have the new unit text: it waits for ..."; false when no
 * roll-out waits for an instance that fails.
 */
bool failing_roll_out(const struct fleet *fleet, char *text, size_t size);

#endif
