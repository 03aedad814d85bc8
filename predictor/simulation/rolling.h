/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rolling.h - the fleet of simulation.h without an end: a step at a time for months, in
 * as little memory as it has groups of instances, and as a line of text in between.
 *
 * Steps are numbered from any zero on, such as minutes since 1970. Lead time and billing
 * terms are given with each call and may change. A launch is billed from its own step on.
 *
 * Pure: no I/O, no clock, no logging, no global state.
 */
#ifndef PREDICTOR_SIMULATION_ROLLING_H
#define PREDICTOR_SIMULATION_ROLLING_H

#include "cleanup.h"
#include "paid_terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instances that were launched together. */
struct rolling_group {
	int64_t launched, ready; /* the steps that they are billed and serve from */
	size_t n;
};

struct rolling {
	struct rolling_group *v; /* [n] by launch */
	size_t n;
};
void rolling_done(struct rolling *r);
DEFINE_CLEANUP_OBJECT(struct rolling, rolling_done);

/* n instances are launched and serve from this step on. */
void rolling_start(struct rolling *r, int64_t step, size_t n);

/*
 * Step begins; to be called once for each, in order. Returns what is billed in it:
 * instance-steps, a unit for each instance whose unit begins, of a launch the minimum.
 * O(groups).
 */
int64_t rolling_step(struct rolling *r, int64_t step, struct paid_terms t);

size_t rolling_running(const struct rolling *r, int64_t step);
size_t rolling_size(const struct rolling *r); /* those that boot included */

/* At the end of step: as fleet_want(). */
void rolling_want(struct rolling *r, int64_t step, size_t desired, int64_t lead,
		  struct paid_terms t);

/* "LAUNCHED READY N ..."; the caller frees it. */
char *rolling_write(const struct rolling *r);
/* False when text is not of rolling_write(); *ret is then empty. */
bool rolling_read(const char *text, struct rolling *ret);

#endif
