/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulation.h - simulates a fleet for a series of desired instance counts.
 *
 * In step i the running instances meet demand[i]; at its end the policy returns the
 * desired count. More than there are: the difference boots and serves from step
 * i + 1 + lead on, or later, where boots vary. Fewer: booting instances are removed
 * first, the newest first, then running ones, at once.
 * Instances are billed from their launch on, boot time included: a unit that has begun is
 * paid for, and a minimum. Of the running ones those go first whose paid time ends first.
 *
 * Pure: no I/O, no clock, no logging, no global state. The same calls give the same
 * fleet.
 */
#ifndef PREDICTOR_SIMULATION_SIMULATION_H
#define PREDICTOR_SIMULATION_SIMULATION_H

#include "cleanup.h"
#include "paid.h"
#include "rolling.h"

#include <stddef.h>
#include <stdint.h>

/* What a fleet is made of. */
struct fleet_terms {
	double capacity;        /* demand that an instance serves, > 0 */
	size_t lead;            /* steps of a boot */
	struct paid_terms paid; /* in steps; no more than one: by the step */
	/* [n_boots] ascending steps of boots that were measured: each launch takes one of
	 * them, all in turn. None: each takes `lead`. The caller's. */
	const size_t *boots;
	size_t n_boots;
	size_t overdue; /* steps after which a launch is; 0: never */
};

/* A fleet at the end of step i. */
struct fleet_now {
	size_t i;
	double demand; /* of the step */
	size_t running, booting;
	size_t overdue; /* of those that boot */
	int64_t ending; /* instances that can go now and were used for all that is paid;
			   none while others boot, as those would go. -1: billed by the
			   step */
};

/* The instances desired from now on; may be 0. */
typedef size_t fleet_want_fn(void *arg, const struct fleet_now *now);

struct fleet_run {
	double instance_steps; /* billed */
	double short_share;    /* of the steps: demand above the running capacity */
	double unserved_share; /* of the demand */
	size_t actions;        /* changes of the size */
	uint32_t *running;     /* [n], malloc()ed; free() it */
};

/* Instances that demand needs; at least 1. */
size_t fleet_need(double demand, double capacity);

/* A fleet, step by step: fleet_step(), or its halves, fleet_serve() and fleet_want(). */
struct fleet_sim;

/* n: steps at most. running: instances that serve in step 0, launched then. */
struct fleet_sim *fleet_sim_new(const struct fleet_terms *t, size_t n, size_t running);
void fleet_sim_free(struct fleet_sim *f);
DEFINE_CLEANUP(struct fleet_sim *, fleet_sim_free);

/* The next step begins, and its demand is met, or not. */
void fleet_serve(struct fleet_sim *f, double demand, struct fleet_now *ret);
void fleet_want(struct fleet_sim *f, size_t desired);

/* A step, at whose end `want` decides. */
void fleet_step(struct fleet_sim *f, double demand, fleet_want_fn *want, void *arg);

/* What an instance serves from the next step on. */
void fleet_set_capacity(struct fleet_sim *f, double capacity);

/* What it came to so far. running is the caller's, and the fleet ends. */
void fleet_result(struct fleet_sim *f, struct fleet_run *ret);

/* All of it. running: instances that serve in step 0. O(n + what boots in each step). */
void fleet_simulate(const struct fleet_terms *t, const double *demand, size_t n,
		    size_t running, fleet_want_fn *want, void *arg,
		    struct fleet_run *ret);

/*
 * The least that any policy could pay for need [n] instances in each step, knowing all of
 * it: an instance is kept while it is paid for and over a gap after that which is no
 * longer than a boot, else removed and booted again in time. Of the result the shares are
 * 0. O(n + changes of the need).
 */
void fleet_oracle(const struct fleet_terms *t, const size_t *need, size_t n,
		  size_t running, struct fleet_run *ret);

#endif
