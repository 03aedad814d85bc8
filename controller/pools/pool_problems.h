/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_problems.h - what is wrong with a pool now, for people: at most one problem of
 * each kind.
 *
 * Set by the pool's worker, read by any thread.
 */
#ifndef CONTROLLER_POOLS_POOL_PROBLEMS_H
#define CONTROLLER_POOLS_POOL_PROBLEMS_H

#include "err.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>

enum pool_problem_kind {
	POOL_NOT_JOINING, /* hosts-do-not-join */
	POOL_NOT_LISTED,  /* launches-not-listed */
	POOL_OUTVOTED,    /* hosts-not-listed: they serve nevertheless */
	POOL_LIST_SHORT,  /* list-not-believed */
	POOL_UNKNOWN_VMS, /* unknown-vms */
	POOL_AT_MAXIMUM,  /* pool-at-maximum */
	POOL_LAUNCHES,    /* launches-limited */
	POOL_ADOPTION,    /* adoption-waits */
	POOL_STOPPED,     /* vms-not-running: hosts serve nevertheless, or hold state */
	POOL_CUT,         /* host-cut-from-store: hosts that never reached it */
	POOL_DRIVER,      /* driver-ended: its process, which was not told to */
	POOL_NO_CAPACITY, /* no-capacity: of any of its types and zones */
	POOL_QUOTA,       /* quota: it allows less than the maximum */
	N_POOL_PROBLEMS
};

struct pool_problems {
	pthread_mutex_t *lock; /* of all pools */
	struct {
		char message[ERR_MSG_MAX];
		int64_t since_ms; /* calendar; 0: no problem */
	} v[N_POOL_PROBLEMS];
};

/* All zero but the lock is one without problems. */

/* Logs it when it is new. */
void pool_problem_set(struct pool_problems *p, enum pool_problem_kind kind,
		      const char *pool, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void pool_problem_clear(struct pool_problems *p, enum pool_problem_kind kind);

/* Appends {"kind","message","since"} for each; the lock is held. */
void pool_problems_json(struct pool_problems *p, const char *pool, json_t *list);

#endif
