/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pending.h - one call to a process that runs, from its request to its end.
 */
#ifndef CLOUDS_PENDING_H
#define CLOUDS_PENDING_H

#include "life.h"

struct exchange {
	const char *call;
	bool changes; /* something at the cloud: without an answer it may have happened */
	int64_t deadline_mono_ms;
	/* What comes before the end; ERR_INVAL: it is wrong, and the process is ended.
	 * Called by the calling thread. NULL: nothing may come. */
	int (*part)(void *arg, const json_t *message, struct err *err);
	void *arg;
};

/*
 * Sends the request, to which members are added, and waits for the end of the call, which
 * the caller owns (*ret; NULL is allowed); returns 0 or a class with *err filled. A
 * process that does not answer in time is ended. The lock is held, but not while it
 * waits.
 */
int pending_call(struct drv *d, const struct exchange *x, json_t *request, json_t **ret,
		 struct drv_err *err);

#endif
