/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulation.h - simulates a fleet for a series of desired instance counts.
 *
 * In step i the running instances meet demand[i]; at its end the policy returns the
 * desired count. More than there are: the difference boots and serves from step
 * i + 1 + lead on. Fewer: booting instances are removed first, the newest first, then
 * running ones, at once.
 * Instances are billed for every step from their launch on, boot time included.
 */
#ifndef PREDICTOR_SIMULATION_SIMULATION_H
#define PREDICTOR_SIMULATION_SIMULATION_H

#include <stddef.h>
#include <stdint.h>

/* Called at the end of step i: the instances desired from now on; may be 0. */
typedef size_t fleet_want_fn(void *arg, size_t i, double demand, size_t running,
			     size_t booting);

struct fleet_run {
	double instance_steps; /* billed */
	double short_share;    /* of the steps: demand above the running capacity */
	double unserved_share; /* of the demand */
	size_t actions;        /* changes of the size */
	uint32_t *running;     /* [n], malloc()ed; free() it */
};

/* Instances that demand needs; at least 1. */
size_t fleet_need(double demand, double capacity);

/* O(n lead) at most. running_at_start: instances that serve in step 0. */
void fleet_simulate(const double *demand, size_t n, size_t running_at_start, size_t lead,
		    double capacity, fleet_want_fn *want, void *arg,
		    struct fleet_run *ret);

/*
 * The least that any policy could pay, knowing all of the demand and serving all of it:
 * an instance is kept over a gap that is no longer than a boot, else removed and booted
 * again in time. O(n + changes of the need).
 */
void fleet_oracle(const double *demand, size_t n, size_t running_at_start, size_t lead,
		  double capacity, struct fleet_run *ret);

#endif
