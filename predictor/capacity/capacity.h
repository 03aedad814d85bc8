/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity.h - what one instance of a tier serves, learned from what it has served.
 *
 * Each minute tells the demand an instance had (x), how busy it was (u, 0 to 1), how long
 * an answer took (r), and how many instances there were (n). Capacity is the demand an
 * instance serves when it is as busy as the target says (0.7: seven tenths). Two laws and
 * a third over both:
 *
 *	utilisation law   u = a + x s                    capacity (target - a) / s
 *	queue             r = r0 / (1 - x / c)           capacity target c
 *	scalability law   n capacity(n) = usl.h, when the capacities found apart for four
 *	                  or more counts of instances fall as the count grows
 *
 * Where both of the first two are known the smaller capacity counts: what runs out first
 * is what limits. It is not known while fewer than 30 minutes are, while demand was never
 * above half of the target's, or while its 95 % interval is wider than a quarter of it
 * either way; until then there is a cautious value (see struct capacity_known).
 *
 * Memory is bounded: of each of 64 bands, of a third of an octave of demand and half an
 * octave of instances, over again beyond 40 and 4 times as much, the last 16 minutes are
 * kept, so that a quiet week does not push out the peak before it. A minute counts half
 * after a week.
 *
 * A change is noticed by a likelihood-ratio CUSUM between the law as fitted and the same
 * with a capacity half as large again or two thirds. One that halves is noticed within 10
 * minutes in which an instance is at least a fifth busy; by latency alone, as soon as the
 * two differ. By noise that is independent from minute to minute, one is seen less than
 * once in 100 days. That more instances than before serve less each, as they may when
 * they disturb each other, is no change. What was seen before a change is forgotten.
 *
 * Pure: no I/O, no clock, no logging, no global state. One struct is used by one thread
 * at a time. About 21 KB each.
 *
 * Sources: Denning and Buzen, The operational analysis of queueing network models, ACM
 * Computing Surveys 10 (1978), 3 (the utilisation law, the bottleneck); Kleinrock,
 * Queueing Systems vol. 2, 4.4 (processor sharing, whose mean time is M/M/1's); Gunther,
 * Guerrilla Capacity Planning; Page, Continuous inspection schemes, Biometrika 41 (1954);
 * Basseville and Nikiforov, Detection of Abrupt Changes, 2.2.
 */
#ifndef PREDICTOR_CAPACITY_CAPACITY_H
#define PREDICTOR_CAPACITY_CAPACITY_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capacity;

/* target: how busy an instance shall be at most, 0.1 to 1. ERR_INVAL beyond. */
int capacity_new(double target, struct capacity **ret, struct err *err) MUST_CHECK;
void capacity_free(struct capacity *c);
DEFINE_CLEANUP(struct capacity *, capacity_free);

/* The one it was made with. */
double capacity_target(const struct capacity *c);

struct capacity_seen {
	int64_t minute;     /* Unix time in minutes */
	double demand;      /* of one instance, >= 0, any unit */
	double utilisation; /* 0 to 1; NaN: not measured */
	double latency_s;   /* mean time to an answer, > 0; NaN: not measured */
	size_t instances;   /* at least 1 */
};

/* That what an instance serves has changed. */
struct capacity_change {
	int64_t minute;  /* the first that contradicts the law */
	double from, to; /* what it was known or thought to be before; what it is about */
};

/*
 * Takes a minute. One that is not after the last is dropped. *ret_changed is set, and
 * *ret then filled, when it is clear with this minute that the capacity has changed.
 *
 * ERR_INVAL, with everything as it was, for a number that is not of its range. O(1).
 */
int capacity_see(struct capacity *c, const struct capacity_seen *seen, bool *ret_changed,
		 struct capacity_change *ret, struct err *err) MUST_CHECK;

enum capacity_model {
	CAPACITY_NOT_KNOWN,
	CAPACITY_UTILISATION,
	CAPACITY_QUEUE,
	CAPACITY_USL,
};

const char *capacity_model_name(enum capacity_model m); /* "queue"; NULL: not known */

struct capacity_known {
	enum capacity_model model;
	double value, low, high; /* of one instance; the 95 % interval; NaN: not known */
	/*
	 * For use without a law: the most demand that an instance was seen to have while
	 * no busier than the target, and up to twice that as far as utilisation in
	 * proportion allows (idle work makes that too low, never too high); when it was
	 * only seen too busy, the share of the smallest such demand that the target
	 * allows. Of latency alone, the most that was served in at most twice the
	 * shortest time. NaN: nothing was seen.
	 */
	double cautious;
	size_t points; /* minutes that it was learned from */
	char why[160]; /* one sentence without its full stop, no unit of demand in it */
};

/*
 * Fits anew to what was seen until now, for that many instances, and tells the result.
 * While a change is suspected but not clear, the result before stays. Allocates for the
 * length of the call; about 1 ms, 5 ms with many counts of instances.
 */
void capacity_fit(struct capacity *c, size_t instances);
const struct capacity_known *capacity_known(const struct capacity *c);

/*
 * As bytes, versioned and checked on the way back: a loaded one goes on as the saved one
 * would have. Same byte order only. ERR_PROTO when the bytes are none or are damaged,
 * ERR_NOT_FOUND when they are for another target.
 */
size_t capacity_size(void);
void capacity_save(const struct capacity *c, void *ret); /* capacity_size() bytes */
int capacity_load(const void *data, size_t len, double target, struct capacity **ret,
		  struct err *err) MUST_CHECK;

#endif
