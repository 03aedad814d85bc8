/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - a series transformed in one way, and the autoregression that continues it.
 *
 * A view may take the logarithm, the change over a day, and means over `pool` steps
 * (5-minute values are looked at in hours: what is far ahead is better predicted from
 * coarse values).
 *
 * Source: Athanasopoulos, Hyndman, Kourentzes and Petropoulos, Forecasting with temporal
 * hierarchies, European Journal of Operational Research 262, 2017.
 */
#ifndef PREDICTOR_HORIZON_VIEW_H
#define PREDICTOR_HORIZON_VIEW_H

#include "autoreg.h"

#include <stdbool.h>
#include <stddef.h>

#define VIEW_SEASONS 4

/* The series, without gaps. */
struct view_series {
	const double *y; /* [n] */
	size_t n;
	size_t seasons[VIEW_SEASONS]; /* in steps, ascending, 0 ends */
	double lo, hi;                /* its smallest and largest value */
	double cap; /* upper limit of a value: a single outlier is not learned from */
};

struct view {
	bool logarithm, dense;
	size_t shift;          /* pooled steps that the change spans; 0: none */
	size_t pool;           /* steps in one pooled step */
	size_t skip;           /* values at the start that fill no pooled step */
	size_t n;              /* pooled steps */
	double offset;         /* added before the logarithm */
	double lo, hi;         /* limits of what is continued */
	double floor, ceiling; /* limits of the forecast */
	struct autoreg ar;
	double *level; /* [n] pooled and transformed */
	double *x;     /* [n] the same, as changes when shift */
};

/* NULL when the view does not fit the series (too short, no season, below 0). */
struct view *view_new(const struct view_series *s, bool logarithm, bool change,
		      bool dense, size_t pool);
void view_free(struct view *v);

/* The first step that view_run() can start from. */
size_t view_first(const struct view *v);

/*
 * Continues the series from step t (t = n - a multiple of pool) for h steps into out
 * [h]; in_sample: use all of the series, otherwise only what is outside of the part that
 * t is in. scratch: view_scratch() doubles.
 */
void view_run(const struct view *v, size_t t, bool in_sample, size_t h, double *scratch,
	      double *out);
size_t view_scratch(const struct view *v, size_t h);

#endif
