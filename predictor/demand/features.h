/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * features.h - what the decision model looks at: the recent past and the seasons, all
 * relative to the present level.
 */
#ifndef PREDICTOR_DEMAND_FEATURES_H
#define PREDICTOR_DEMAND_FEATURES_H

#include <stddef.h>

enum {
	FEAT_ONE,
	FEAT_MEAN,                  /* means over 1,3,5,10,20,40,80,160 steps */
	FEAT_MAX10 = FEAT_MEAN + 8, /* largest of 10 steps */
	FEAT_MAX60,
	FEAT_MIN60,
	FEAT_DAY,        /* rise to the coming window, as it was a day ago */
	FEAT_DAY_SMOOTH, /* the same of the series smoothed over half an hour */
	FEAT_DAY_GAP,    /* level a day ago */
	FEAT_WEEK,
	FEAT_WEEK_SMOOTH,
	FEAT_WEEK_GAP,
	FEAT_PROFILE, /* average of FEAT_DAY over the days */
	FEAT_HOUR,    /* rise to the coming window, as it was an hour ago */
	FEAT_HALF_HOUR,
	FEAT_LEVEL,
	FEAT_N
};

/* Where to look: everything in steps. */
struct feat_shape {
	size_t lead;
	size_t half_hour, hour; /* 0: shorter than a lead time or a step: not looked at */
	size_t day, week;       /* 0: too short a day in steps */
	size_t smooth;          /* steps of the smoothed series, odd */
	size_t mean[8];         /* 0: not looked at */
};

void feat_shape_init(struct feat_shape *s, double step_s, size_t lead);

/* Steps of past that feat_fill() may look at. */
size_t feat_memory(const struct feat_shape *s);

/* The present level. y points to the newest value; y[-1] is the one before. */
double feat_base(const float *y, size_t n);

/*
 * Fills x [FEAT_N].
 *
 *   y        the newest of n values
 *   day      steps back to this time of day (0: not there); not shape's on a clock change
 *   week     the same for the time of the week
 *   profile  average rise to the coming window at this time of day, over its level
 */
void feat_fill(const struct feat_shape *s, const float *y, size_t n, size_t day,
	       size_t week, double profile, float x[FEAT_N]);

#endif
