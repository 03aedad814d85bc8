/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h - work of seconds that a request waits for: a backtest, a replay.
 *
 * It runs in a thread of its own while the request that asked is suspended, so nobody
 * else waits; one at a time, as two cores have a tick to make as well. How far it is can
 * be asked meanwhile. The end of the API waits for its end.
 */
#ifndef CONTROLLER_API_JOB_H
#define CONTROLLER_API_JOB_H

#include "request.h"

struct api_job; /* one that runs */

struct api_job_kind {
	const char *name; /* "backtest": with its article in words, "a backtest" */
	/* In the thread. It may read the database; the request is not its. */
	int (*work)(void *arg, struct api_job *job, struct err *err);
	/* Then, in a thread of the API: answers as a handler does. rc, and what err
	 * holds, are what work() returned. */
	int (*then)(struct request *r, void *arg, int rc, struct err *err);
	void (*free)(void *arg);
};

/*
 * Starts it, and suspends the caller. arg, on success, is kind->free()'s when all is
 * over, answered or not. ERR_UNAVAIL while another one runs; kind and its name are
 * constant.
 */
int api_job_start(struct request *r, const struct api_job_kind *kind,
		  const struct db_tier *t, void *arg, struct err *err) MUST_CHECK;

/* For work(): the share that is done, 0 to 1. job: its struct api_job. */
void api_job_progress(void *job, double share);

/* The share of the one of this kind that runs for the tier; NaN: none does. */
double api_job_share(struct api *api, const struct api_job_kind *kind,
		     const struct db_tier *t);

/* The request's exchange is over. */
void api_job_drop(struct request *r);
/* Until none runs; the API's lock is held. */
void api_job_await(struct api *api);

#endif
