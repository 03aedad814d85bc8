/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gaps.h"

#include <math.h>
#include <stdint.h>

/* Fills out (from..to) between two values. */
static void bridge(double *out, size_t from, size_t to)
{
	const double slope = (out[to] - out[from]) / (double)(to - from);

	for (size_t k = from + 1; k < to; k++)
		out[k] = out[from] + slope * (double)(k - from);
}

bool gaps_fill(double *out, const double *y, size_t n)
{
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		if (isnan(y[i]))
			continue;
		out[i] = y[i];
		if (last != SIZE_MAX)
			bridge(out, last, i);
		for (size_t k = 0; last == SIZE_MAX && k < i; k++)
			out[k] = y[i];
		last = i;
	}
	for (size_t k = last + 1; last != SIZE_MAX && k < n; k++)
		out[k] = y[last];
	return last != SIZE_MAX;
}
