/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - what a capacity consists of, and what the files of this room share.
 */
#ifndef PREDICTOR_CAPACITY_STATE_H
#define PREDICTOR_CAPACITY_STATE_H

#include "capacity.h"
#include "curve.h"

#define CAPACITY_MAGIC 0x63617061u
#define CAPACITY_VERSION 1u
#define CAPACITY_X_BANDS 16 /* of demand, */
#define CAPACITY_N_BANDS 4  /* and each of them of counts of instances */
#define CAPACITY_BANDS (CAPACITY_X_BANDS * CAPACITY_N_BANDS)
#define CAPACITY_DEPTH 16   /* minutes of a band */
#define CAPACITY_CLASSES 32 /* of counts of instances, half an octave each */
#define CAPACITY_SATURATED                                          \
	0.95 /* as busy as that, utilisation follows demand no more \
	      */

struct point {
	float x, u, r; /* NaN: not measured */
	uint32_t minute, n;
};

struct band {
	struct point v[CAPACITY_DEPTH]; /* a ring */
	uint32_t n;
};

/* A law over all counts of instances, to judge the next minute by. */
struct law {
	bool is_usable;
	double b[2]; /* of demand / scale; see fit.c */
	double scale, spread;
	double capacity;                /* at the target */
	double low, high;               /* demand that few of its minutes were beyond */
	double instances;               /* mean of its minutes */
	float weight[CAPACITY_CLASSES]; /* of a demand at such a count of instances, 1 on
					   the mean; 0: not known */
};

/* No pointers: it is saved as it is. */
struct capacity {
	uint32_t magic, version;
	double target;
	int64_t minute;                        /* the last one taken */
	struct band bands[CAPACITY_BANDS + 1]; /* and one for no demand at all */
	struct law busy, slow;                 /* by utilisation, by latency */
	struct {
		double sum;    /* log likelihood ratio since then; 0: nothing suspected */
		int64_t since; /* minute */
	} fall, rise;
	struct capacity_known known;
};

/* The curves: over demand / scale; the second gives the logarithm of the time. */
curve_fn capacity_busy_curve, capacity_slow_curve;

#define CAPACITY_MINUTES ((CAPACITY_BANDS + 1) * CAPACITY_DEPTH)

struct minutes {
	struct point v[CAPACITY_MINUTES]; /* in the order of time */
	size_t n;
	int64_t now;
};

void capacity_collect(const struct capacity *c, struct minutes *ret);

enum kind { BUSY, SLOW };

/* Counts of instances, both ends included. */
struct range {
	double low, high;
};

bool capacity_is_for(enum kind kind, const struct range *counts, const struct point *p);

struct estimate {
	bool is_fitted;
	struct law law;
	double sd; /* of the capacity's logarithm */
	double t;  /* deviations that the 95 % interval reaches */
	size_t n;
	char why[160]; /* it is not fitted */
};

/* A law through the minutes of those counts. */
void capacity_law(const struct minutes *m, enum kind kind, const struct range *counts,
		  double target, struct estimate *ret);

/* All its minutes had about the same demand, which determines no law. */
#define CAPACITY_WHY_NARROW "demand was almost always the same"
bool capacity_is_narrow(const struct law *l);

size_t capacity_class(uint32_t instances);

/* The actual weight of a demand, relative to the law. */
double capacity_weight(const struct law *l, bool is_busy, const struct point *p);

/* Fills the law's weights: of each class of counts that was seen for long enough. */
void capacity_weights(const struct minutes *m, enum kind kind, struct law *l);

/* See struct capacity_known. */
double capacity_cautious(const struct capacity *c);

/* Adds a minute to the test for a change; true when there is one. */
bool capacity_break(struct capacity *c, const struct point *p,
		    struct capacity_change *ret);
bool capacity_is_suspect(const struct capacity *c);

#endif
