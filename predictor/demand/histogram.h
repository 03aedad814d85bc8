/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram.h - the distribution of a standardised quantity, with forgetting.
 *
 * A histogram over asinh(z): bins of equal width near 0 and of equal ratio far out, so
 * that a heavy tail costs nothing. Starts from a stated prior (a logistic distribution)
 * of a few pseudo-observations.
 */
#ifndef PREDICTOR_DEMAND_HISTOGRAM_H
#define PREDICTOR_DEMAND_HISTOGRAM_H

#include <stddef.h>

#define SKETCH_BINS 256
#define SKETCH_LOW (-4.8) /* asinh(z) of the lower edge of bin 0: z = -61 */
#define SKETCH_WIDTH 0.05 /* the upper edge of the last bin: z = 1490 */

struct sketch {
	double grow;   /* weight of an observation over that of the one before */
	double weight; /* of the next */
	float mass[SKETCH_BINS];
	float over[SKETCH_BINS + 1]; /* share above sinh(SKETCH_LOW + SKETCH_WIDTH k), the
					lower edge of bin k; by sketch_solve() */
};

void sketch_init(struct sketch *s, double half_life, double prior_weight);
void sketch_add(struct sketch *s, double z); /* O(1) */
void sketch_solve(struct sketch *s); /* brings `over` up to date; O(SKETCH_BINS) */

/* The first edge with at most this share above it. O(log bins). */
size_t sketch_edge(const struct sketch *s, double over);

double sketch_over(const struct sketch *s, double z);         /* P(Z > z); O(1) */
double sketch_quantile(const struct sketch *s, double level); /* O(log bins) */

#endif
