/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paid.h - instances that are paid for in started units, and for a minimum: how many of
 * them reach the end of what is paid, and so can go without a loss, before the next
 * decision.
 *
 * Times and lengths are in any one unit of time, such as ms or steps. Instances are
 * counted by the phase of their launch within a billing unit, to a PAID_PHASES-th of it,
 * rounded down: one that is due goes by so much early, never late. Those whose minimum is
 * longer than a unit are counted by their launch until it is over.
 *
 * Pure: no I/O, no clock, no logging, no global state.
 */
#ifndef PREDICTOR_SIMULATION_PAID_H
#define PREDICTOR_SIMULATION_PAID_H

#include "paid_terms.h"

#include <stddef.h>
#include <stdint.h>

#define PAID_PHASES 1440

struct paid_launch {
	int64_t at;
	size_t n;
};

struct paid {
	int64_t unit, least, step; /* of billing; between two decisions */
	int64_t width;             /* of a phase */
	size_t n_phases;
	size_t count; /* instances, those that boot included */
	size_t by_phase[PAID_PHASES];
	struct paid_launch *young; /* [n_young] within their minimum, the oldest first */
	size_t n_young, young_size;
};

/* No instances yet. step is at least 1. */
void paid_init(struct paid *p, struct paid_terms t, int64_t step);
void paid_done(struct paid *p);

/* In the calls that follow time does not go back. */

void paid_add(struct paid *p, int64_t launched_at, size_t n);

/* Those launched then go, as far as there are any. */
void paid_cancel(struct paid *p, int64_t launched_at, size_t n);

/* Of all, those go first whose paid time ends first from now on. */
void paid_remove(struct paid *p, int64_t now, size_t n);

/* Those whose paid time ends now or before the next decision. O(the phases of a step). */
size_t paid_ending(struct paid *p, int64_t now);

/* What is to be paid for now or before the next decision, of launches of this moment as
 * well. */
int64_t paid_begun(struct paid *p, int64_t now);

#endif
