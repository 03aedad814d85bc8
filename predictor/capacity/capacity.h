/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity.h - learns the capacity of one instance of a tier from what it has served.
 *
 * Each minute has the demand of an instance (x), its utilisation (u, 0 to 1), its
 * response time (r), and the number of instances (n). Capacity is the demand of an
 * instance at the target utilisation (such as 0.7). Two laws and a third over both:
 *
 *	utilisation law   u = a + x s                    capacity (target - a) / s
 *	queue             r = r0 / (1 - x / c)           capacity target c
 *	scalability law   n capacity(n) = usl.h, when the capacities found apart for four
 *	                  or more counts of instances fall as the count grows
 *
 * Where both of the first two are known the smaller capacity is used: the scarcer
 * resource is the limit. Where work per request varies over the day, capacity is that of
 * the dearest hour of the day among those that were seen, so that what is scaled by is
 * enough at every hour. How it varies is learned from a day of data on.
 *
 * It is not known with fewer than 30 minutes of data, while demand was never above half
 * of the target's, or while its 95 % interval is wider than a quarter of it either way
 * (by latency alone: a half); until then there is a cautious value (see struct
 * capacity_known).
 *
 * The interval comes from how well the law, under noise of which a part may last,
 * explains the minutes (posterior.h). By utilisation it holds the truth 93 to 98 times in
 * 100, for independent noise and for noise of which 0.9 lasts to the next minute, with
 * work that is the same all day or varies by 5 or 10 % either way. By latency alone,
 * dearer requests look much like a smaller queue: the interval is wider than 95 % would
 * need, from the dearest hour's lower end to the upper end of the mean of the day. `make
 * bench BENCH=coverage` (tests/bench/coverage_capacity.c) prints all figures of this
 * header.
 *
 * Memory is bounded: 512 minutes are kept besides the last 16. Where there are more, one
 * goes from the fullest of 64 bands, of a third of an octave of demand and half an octave
 * of instances, over again beyond 40 and 4 times as much: the one nearest in time to
 * others of its band. So a quiet week does not displace the peak before it. The weight of
 * a minute halves after a week.
 *
 * A change is detected by a likelihood-ratio CUSUM between the law as fitted and the
 * same with 1.5 times or two thirds of the capacity, of what is new in a minute's error:
 * how much of one lasts to the next minute is learned. A halved capacity is detected, at
 * a load of an instance of 10 to 60 %, within
 *
 *	noise                   independent: median, 95 %   0.9 lasts: median, 95 %
 *	utilisation, 2 and 5 %  8, 8 minutes                12 to 14, 13 to 16 minutes
 *	utilisation, 10 %       8, 9 minutes                12 to 15, 15 to 23 minutes
 *	latency, 10 %           8, 8 minutes
 *
 * (with 10 % that last, one in 20 is not noticed within four hours at a load of 60 %)
 * and there is less than one false alarm in 100 days for any of these. That more
 * instances than before serve less each, as they may when they disturb each other, is not
 * a change. Data from before a change is discarded.
 *
 * Pure: no I/O, no clock, no logging, no global state. One struct is used by one thread
 * at a time. About 14 KB each.
 *
 * Sources: Denning and Buzen, The operational analysis of queueing network models, ACM
 * Computing Surveys 10 (1978), 3 (the utilisation law, the bottleneck); Kleinrock,
 * Queueing Systems vol. 2, 4.4 (processor sharing, whose mean time is M/M/1's); Gunther,
 * Guerrilla Capacity Planning; Page, Continuous inspection schemes, Biometrika 41
 * (1954); Basseville and Nikiforov, Detection of Abrupt Changes, 2.2.
 */
#ifndef PREDICTOR_CAPACITY_CAPACITY_H
#define PREDICTOR_CAPACITY_CAPACITY_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capacity;

/* target: highest utilisation of an instance, 0.1 to 1. ERR_INVAL beyond. */
int capacity_new(double target, struct capacity **ret, struct err *err) MUST_CHECK;
void capacity_free(struct capacity *c);
DEFINE_CLEANUP(struct capacity *, capacity_free);

/* As given to capacity_new(). */
double capacity_target(const struct capacity *c);

struct capacity_seen {
	int64_t minute;     /* Unix time in minutes */
	double demand;      /* of one instance, >= 0, any unit */
	double utilisation; /* 0 to 1; NaN: not measured */
	double latency_s;   /* mean time to an answer, > 0; NaN: not measured */
	size_t instances;   /* at least 1 */
};

/* A change of the capacity. */
struct capacity_change {
	int64_t minute;  /* the first that contradicts the law */
	double from, to; /* known or estimated before; estimated now */
};

/*
 * Processes a minute. One that is not after the last is dropped. *ret_changed is set, and
 * *ret then filled, when this minute makes it clear that the capacity has changed.
 *
 * ERR_INVAL, with nothing changed, for a number out of range. About 1 us.
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
 * Fits to all data again, for that many instances; see capacity_known(). While a change
 * is suspected but not clear, the previous result is kept. Allocates for the length of
 * the call; about 1.5 ms by utilisation, 2 ms by latency, twice that with many counts of
 * instances. Whatever the minutes are, GSL's error handler is never called.
 */
void capacity_fit(struct capacity *c, size_t instances);
const struct capacity_known *capacity_known(const struct capacity *c);

/*
 * As bytes, versioned and checked on loading: a loaded one continues as the saved one
 * would have. Same byte order only. ERR_PROTO when the bytes are not a capacity or are
 * damaged, ERR_NOT_FOUND when they are for another target.
 */
size_t capacity_size(void);
void capacity_save(const struct capacity *c, void *ret); /* capacity_size() bytes */
int capacity_load(const void *data, size_t len, double target, struct capacity **ret,
		  struct err *err) MUST_CHECK;

#endif
