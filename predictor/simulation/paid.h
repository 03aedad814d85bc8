/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paid.h - instances that are paid for in started units: how many of them reach the end
 * of a unit, and so can go without a loss, before the next decision.
 *
 * Times and lengths are in any one unit of time, such as ms or steps. Instances are
 * counted by the phase of their launch within a billing unit, to a PAID_PHASES-th of it,
 * rounded down: one that is due goes by so much early, never late.
 *
 * Pure: no I/O, no clock, no logging, no global state.
 */
#ifndef PREDICTOR_SIMULATION_PAID_H
#define PREDICTOR_SIMULATION_PAID_H

#include <stddef.h>
#include <stdint.h>

#define PAID_PHASES 1440

struct paid {
	int64_t unit, step; /* of billing; between two decisions */
	int64_t width;      /* of a phase */
	size_t n_phases;
	size_t count; /* instances, those that boot included */
	size_t by_phase[PAID_PHASES];
};

/* No instances yet. unit and step are at least 1. */
void paid_init(struct paid *p, int64_t unit, int64_t step);

void paid_add(struct paid *p, int64_t launched_at, size_t n);

/* Those launched then go, as far as there are any. */
void paid_cancel(struct paid *p, int64_t launched_at, size_t n);

/* Of all, those go first whose unit ends first from now on. */
void paid_remove(struct paid *p, int64_t now, size_t n);

/* Those whose unit ends now or before the next decision; a launch of this moment counts,
 * as its first unit begins. O(the phases of a step). */
size_t paid_ending(const struct paid *p, int64_t now);

#endif
