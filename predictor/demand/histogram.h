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

#define HISTOGRAM_BINS 256
#define HISTOGRAM_LOW (-4.8) /* asinh(z) of the lower edge of bin 0: z = -61 */
#define HISTOGRAM_WIDTH 0.05 /* the upper edge of the last bin: z = 1490 */

struct histogram {
	double grow;   /* weight of an observation over that of the one before */
	double weight; /* of the next */
	float mass[HISTOGRAM_BINS];
	float over[HISTOGRAM_BINS +
		   1]; /* share above sinh(HISTOGRAM_LOW + HISTOGRAM_WIDTH k), the
		       lower edge of bin k; by histogram_solve() */
};

void histogram_init(struct histogram *s, double half_life, double prior_weight);
void histogram_add(struct histogram *s, double z); /* O(1) */
void histogram_solve(
	struct histogram *s); /* brings `over` up to date; O(HISTOGRAM_BINS) */

/* The first edge with at most this share above it. O(log bins). */
size_t histogram_edge(const struct histogram *s, double over);

double histogram_over(const struct histogram *s, double z);         /* P(Z > z); O(1) */
double histogram_quantile(const struct histogram *s, double level); /* O(log bins) */

#endif
