/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utilisation.h - the utilisation of a tier's instances, and their response time.
 *
 * From the tier's expressions. Without one for utilisation it is the CPU time of its
 * units divided by the cores available to them: all of a host's for a unit that is alone
 * there, else its share by requests among the host's units.
 *
 * Not thread-safe.
 */
#ifndef CONTROLLER_TIERS_UTILISATION_H
#define CONTROLLER_TIERS_UTILISATION_H

#include "fleet.h"
#include "log_streak.h"
#include "metrics.h"

/* Parsed expressions and what they were parsed from; all zero at first. */
struct utilisation {
	char *ratio_text, *latency_text, *count_text;
	struct metrics_expr *ratio, *latency, *count;
	struct log_streak failing;
};

void utilisation_done(struct utilisation *u);

struct utilisation_now {
	double ratio;     /* 0 to 1; NaN: not measured */
	double latency_s; /* > 0; NaN: not measured */
	const char *why;  /* why neither is known; constant */
};

/* For the last minute. Reads memory only: some microseconds per series. Not measured is
 * an expression that waits for its turn. */
void utilisation_now(struct utilisation *u, struct db *db, const struct fleet *f,
		     const struct fleet_tier *ft, struct metrics_turns *turns,
		     struct utilisation_now *ret);

#endif
