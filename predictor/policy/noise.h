/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise.h - what a demand measured over seconds proves.
 *
 * A rate over a few requests is evidence, not demand: the model decides on minutes. Only
 * what is far beyond the noise of such a short count is certain at once. The noise is
 * learned from how the measures within a minute differ from their mean; before that, it
 * is taken for that of a count of events (Poisson).
 *
 * Pure: no I/O, no clock, no logging, no global state. All zero is a tier without a past.
 */
#ifndef PREDICTOR_POLICY_NOISE_H
#define PREDICTOR_POLICY_NOISE_H

#include <stdint.h>

struct policy_noise {
	int64_t minute_ms; /* start of the minute of the sums */
	double n, sum, squares;
	double variance; /* of one measure */
	double minutes;  /* that it was learned from */
};

/*
 * Takes a measure (NaN: none) made at at_ms, over over_ms; returns what is certain of it,
 * 0 or more; NaN for none, and when it is no shorter than a minute.
 */
double policy_noise_sure(struct policy_noise *z, int64_t at_ms, double demand,
			 int64_t over_ms);

#endif
