/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instances.h - turns the forecast distribution into instances, by the price of a step
 * short of capacity.
 *
 * Of all policies that are short for the same share of time, the cheapest is the one
 * that at every step takes the n with the least  n + price * P(more than n needed),  with
 * one price for all steps: it accepts more risk while the demand is hard to predict,
 * where safety is expensive, and less while it is easy. (Lagrange; the newsvendor with a
 * fixed penalty.)
 */
#ifndef PREDICTOR_DEMAND_INSTANCES_H
#define PREDICTOR_DEMAND_INSTANCES_H

#include "histogram.h"

#include <stddef.h>

/* The demand is mid + sigma * z, z from the histogram, and never above most. */
struct instances_view {
	double mid, sigma;
	double most; /* at least mid */
	double capacity;
};

/* The best n (at least 1) and, unless NULL, the share of risk it takes.
 * O(HISTOGRAM_BINS).
 */
size_t instances_choose(const struct histogram *s, const struct instances_view *v,
			double price, double *ret_over);

#endif
