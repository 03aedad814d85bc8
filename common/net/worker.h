/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - work that may block, off the loop: jobs in order, in a thread of their own.
 *
 * For system calls that wait for a disk. A job runs after all that were given before it;
 * what it has found is reported from the loop. Between the two threads only the job's
 * argument is shared, and one of them uses it at a time.
 */
#ifndef COMMON_NET_WORKER_H
#define COMMON_NET_WORKER_H

#include "loop.h"

struct worker;
struct worker_job;

typedef void worker_fn(void *arg);

struct worker_work {
	worker_fn *
		run; /* in the worker's thread; may block, must not log or use the loop */
	worker_fn *done; /* from the loop, afterwards; NULL: nothing */
	worker_fn *free; /* once, after done or instead of it; NULL: nothing */
	void *arg;
};

/* name is the thread's, at most 15 bytes. The thread begins with the first job. */
int worker_new(struct loop *l, const char *name, struct worker **ret,
	       struct err *err) MUST_CHECK;
/*
 * Waits until all jobs ran, so that what was to be written is written, but not longer
 * than end_ms: a disk that hangs keeps nobody from leaving. Then every argument is freed,
 * and nothing is done. False when a job hangs: its argument and those behind it remain in
 * use. NULL is allowed.
 */
bool worker_end(struct worker *w, int64_t end_ms);
void worker_free(struct worker *w); /* worker_end(), with ten seconds */
DEFINE_CLEANUP(struct worker *, worker_free);

/* The handle is valid until done, or until worker_cancel(). */
struct worker_job *worker_do(struct worker *w, const struct worker_work *work);
/* The job runs, but done is not called. NULL is allowed. */
void worker_cancel(struct worker_job *j);

/* Jobs that have not run to their end. */
size_t worker_pending(struct worker *w);

#endif
