/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capacity_impl.h - inside of capacity: for the files of capacity*.c only. */
#ifndef PREDICTOR_CAPACITY_IMPL_H
#define PREDICTOR_CAPACITY_IMPL_H

#include "capacity.h"
#include "curve.h"

#define CAPACITY_MAGIC 0x63617061u
#define CAPACITY_VERSION 1u
#define CAPACITY_BANDS 24
#define CAPACITY_DEPTH 24      /* minutes of a band */
/* While more instances serve more together, each of so many times as many serves no less
 * than that share: too little for a change. */
#define CAPACITY_NEAR 1.25
#define CAPACITY_SATURATED 0.95 /* as busy as that, utilisation follows demand no more */

struct point {
	float x, u, r; /* NaN: not measured */
	uint32_t minute, n;
};

struct band {
	struct point v[CAPACITY_DEPTH]; /* a ring */
	uint32_t n;
};

/* A law over counts of instances near the present one, to judge the next minute by. */
struct law {
	bool is_usable;
	double b[2]; /* of demand / scale; see capacity_fit.c */
	double scale, spread;
	double capacity; /* at the target */
	double high;     /* demand that few of its minutes were above */
};

/* No pointers: it is saved as it is. */
struct capacity {
	uint32_t magic, version;
	double target;
	int64_t minute; /* the last one taken */
	struct band bands[CAPACITY_BANDS + 1]; /* and one for no demand at all */
	struct law busy, slow;                 /* by utilisation, by latency */
	size_t count; /* of instances, that these two are for */
	struct {
		double sum;    /* log likelihood ratio since then; 0: nothing suspected */
		int64_t since; /* minute */
	} fall, rise;
	struct capacity_known known;
};

/* The curves: over demand / scale; the second gives the logarithm of the time. */
curve_fn capacity_busy_curve, capacity_slow_curve;

/* Takes a minute into the test for a change; true when it is clear. */
bool capacity_break(struct capacity *c, const struct point *p,
		    struct capacity_change *ret);
bool capacity_is_suspect(const struct capacity *c);

#endif
