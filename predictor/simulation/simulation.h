/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulation.h - simulates a fleet for a series of desired instance counts.
 *
 * In step i the running instances meet demand[i]; at its end the policy returns the
 * desired count. More than there are: the difference boots and serves from step
 * i + 1 + lead on. Fewer: booting instances are removed first, the newest first, then
 * running ones, at once.
 * Instances are billed in units of `billing` steps that start with their launch, boot
 * time included; a unit that has begun is paid for. Of the running ones those go first
 * whose unit ends first.
 */
#ifndef PREDICTOR_SIMULATION_SIMULATION_H
#define PREDICTOR_SIMULATION_SIMULATION_H

#include "cleanup.h"
#include "paid.h"
#include "rolling.h"

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

/* A fleet, step by step: fleet_serve(), then fleet_want() at the end of the step. */
struct fleet_sim;

/* n: steps at most. running: instances that serve in step 0, launched then. billing: 1:
 * by the step. */
struct fleet_sim *fleet_sim_new(size_t n, size_t running, size_t lead, double capacity,
				size_t billing);
void fleet_sim_free(struct fleet_sim *f);
DEFINE_CLEANUP(struct fleet_sim *, fleet_sim_free);

/* The next step begins, and its demand is met, or not. */
void fleet_serve(struct fleet_sim *f, double demand, size_t *ret_running,
		 size_t *ret_booting);
void fleet_want(struct fleet_sim *f, size_t desired);

/* Those that can go at the end of the step and were used for all that is paid; none while
 * others boot, as those would go. -1: billed by the step. */
int64_t fleet_ending(const struct fleet_sim *f);

/* What it came to so far. running is the caller's, and the fleet ends. */
void fleet_result(struct fleet_sim *f, struct fleet_run *ret);

/* O(n lead) at most. running_at_start: instances that serve in step 0. */
void fleet_simulate(const double *demand, size_t n, size_t running_at_start, size_t lead,
		    double capacity, size_t billing, fleet_want_fn *want, void *arg,
		    struct fleet_run *ret);

/*
 * The least that any policy could pay, knowing all of the demand and serving all of it:
 * an instance is kept while it is paid for and over a gap after that which is no longer
 * than a boot, else removed and booted again in time. O(n + changes of the need).
 */
void fleet_oracle(const double *demand, size_t n, size_t running_at_start, size_t lead,
		  double capacity, size_t billing, struct fleet_run *ret);

#endif
