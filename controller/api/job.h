/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * job.h - work of some seconds that a request waits for: a backtest, a replay, a backup.
 *
 * It runs in a thread of its own while its request is suspended, so that no other request
 * waits; one at a time, to leave a core for the tick. Its progress can be queried.
 * api_close() waits for it.
 */
#ifndef CONTROLLER_API_JOB_H
#define CONTROLLER_API_JOB_H

#include "request.h"

struct api_job; /* a running job */

struct api_job_kind {
	const char *name; /* "backtest"; follows "a" in messages */
	/* In the thread. It may read the database, but not use the request. */
	int (*work)(void *arg, struct api_job *job, struct err *err);
	/* Then, in a thread of the API: answers like a handler. rc and err are those of
	 * work(). */
	int (*then)(struct request *r, void *arg, int rc, struct err *err);
	void (*free)(void *arg);
};

/*
 * Starts a job and suspends the request. On success arg is freed with kind->free() in the
 * end, whether the request was answered or not. ERR_UNAVAIL while another job runs. kind
 * must stay valid. t: NULL for a job that is of no tier.
 */
int api_job_start(struct request *r, const struct api_job_kind *kind,
		  const struct db_tier *t, void *arg, struct err *err) MUST_CHECK;

/* For work(): the share done, 0 to 1. job is its struct api_job. */
void api_job_progress(void *job, double share);

/* The share done of the tier's running job of this kind; NaN: none is running. */
double api_job_share(struct api *api, const struct api_job_kind *kind,
		     const struct db_tier *t);

/* The request ended. */
void api_job_drop(struct request *r);
/* Waits until no job is running; the API's lock is held. */
void api_job_await(struct api *api);

#endif
