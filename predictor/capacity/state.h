/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state.h - what a capacity consists of, and what the files of this room share.
 */
#ifndef PREDICTOR_CAPACITY_STATE_H
#define PREDICTOR_CAPACITY_STATE_H

#include "capacity.h"
#include "curve.h"

#define CAPACITY_MAGIC 0x63617061u
#define CAPACITY_VERSION 2u
#define CAPACITY_X_BANDS 16 /* of demand, */
#define CAPACITY_N_BANDS 4  /* and each of them of counts of instances; */
#define CAPACITY_BANDS (CAPACITY_X_BANDS * CAPACITY_N_BANDS + 1) /* and no demand */
#define CAPACITY_KEPT 512                                        /* minutes */
#define CAPACITY_RECENT 16                                       /* the last ones */
#define CAPACITY_CLASSES 32 /* of counts of instances, half an octave each */
#define CAPACITY_DAY 1440   /* minutes */
#define CAPACITY_SATURATED                                          \
	0.95 /* as busy as that, utilisation follows demand no more \
	      */

struct point {
	float x, u, r; /* NaN: not measured */
	uint32_t minute, n;
	uint32_t band;
};

/*
 * A law over all counts of instances, to judge the next minute by. b is of demand /
 * scale: utilisation without demand and what the scale adds to it, or the logarithms of
 * the shortest time and of the demand that fills an instance; then the cosine and the
 * sine of the time of day in the weight of a demand (see capacity_day_weight()).
 */
struct law {
	bool is_usable, has_day; /* has_day: the time of day is known */
	double b[4];
	double scale, spread, power;    /* noise is spread * level^power */
	double capacity;                /* at the target, in the dearest hour */
	double low, high;               /* demand that few of its minutes were beyond */
	double instances;               /* mean of its minutes */
	float weight[CAPACITY_CLASSES]; /* of a demand at such a count of instances, 1 on
					   the mean; 0: not known */
};

/* How a law's errors hang together, in units of its spread: moving means over a day. */
struct errors {
	double minutes;         /* that the means are of, at most a day */
	double square, product; /* of an error; of it and of the one a minute before */
};

/* A minute's error, and what it would be had the capacity changed. */
struct error {
	int64_t minute;
	double is, fallen, risen;
};

struct suspicion {
	double sum;    /* log likelihood ratio since then; 0: nothing suspected */
	int64_t since; /* minute */
};

/* No pointers: it is saved as it is. */
struct capacity {
	uint32_t magic, version;
	double target;
	int64_t minute; /* the last one taken */
	/* In the order of time: the last minutes, before they go to those that are kept.
	 */
	struct point recent[CAPACITY_RECENT], kept[CAPACITY_KEPT];
	uint32_t n_recent, n_kept;
	struct law busy, slow; /* by utilisation, by latency */
	struct errors busy_errors, slow_errors;
	struct error last;
	struct suspicion fall, rise;
	struct capacity_known known;
};

/* The curves: over demand / scale; the second gives the logarithm of the time. */
curve_fn capacity_busy_curve, capacity_slow_curve;

#define CAPACITY_MINUTES (CAPACITY_KEPT + CAPACITY_RECENT)

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

/* How many times as much a demand weighs at that time of the day as on average. */
double capacity_day_weight(const struct law *l, enum kind kind, int64_t minute);

/* What noise is in proportion to a power of, where the curve has that value. */
double capacity_level(enum kind kind, const struct law *l, double x);

struct estimate {
	bool is_fitted;
	struct law law;
	double low, high; /* the 95 % interval of the capacity */
	double sd;        /* of its logarithm, as if that were normal */
	double dearest;   /* weight of a demand in the dearest hour */
	size_t n;
	char why[160]; /* it is not fitted */
};

/* A law through the minutes of those counts. has_day: what a demand weighs may vary over
 * the day, and the capacity is that of the dearest hour; else that of them all. */
void capacity_law(const struct minutes *m, enum kind kind, const struct range *counts,
		  bool has_day, double target, struct estimate *ret);

/* All its minutes had about the same demand, which determines no law. */
#define CAPACITY_WHY_NARROW "demand was almost always the same"
bool capacity_is_narrow(const struct law *l);

size_t capacity_class(uint32_t instances);

/* The actual weight of a demand, relative to the law. */
double capacity_weight(const struct law *l, enum kind kind, const struct point *p);

/* Fills the law's weights: of each class of counts that was seen for long enough. */
void capacity_weights(const struct minutes *m, enum kind kind, struct law *l);

/* See struct capacity_known. */
double capacity_cautious(const struct minutes *m, double target);

/* Adds a minute to the test for a change; true when there is one. */
bool capacity_break(struct capacity *c, const struct point *p,
		    struct capacity_change *ret);
bool capacity_is_suspect(const struct capacity *c);

#endif
