/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utilisation.h - how busy the instances of a tier are, and how long an answer takes.
 *
 * By the tier's own expressions. Without one for utilisation it is the CPU time of its
 * units over the cores that their hosts have for them: all of a host's for a unit that is
 * alone there, else the share that it requests among the units on it.
 *
 * One thread at a time may use one.
 */
#ifndef CONTROLLER_TIERS_UTILISATION_H
#define CONTROLLER_TIERS_UTILISATION_H

#include "fleet.h"
#include "metrics.h"

/* Parsed expressions and what they were parsed from; all zero at first. */
struct utilisation {
	char *ratio_text, *latency_text, *count_text;
	struct metrics_expr *ratio, *latency, *count;
};

void utilisation_done(struct utilisation *u);

struct utilisation_now {
	double ratio;     /* 0 to 1; NaN: not measured */
	double latency_s; /* > 0; NaN: not measured */
	const char *why;  /* when neither is, why; constant */
};

/* Of the minute up to now. Memory only: some microseconds a series. */
void utilisation_now(struct utilisation *u, struct db *db, const struct fleet *f,
		     const struct fleet_tier *ft, struct utilisation_now *ret);

#endif
