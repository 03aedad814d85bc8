/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * push.h - the queue of samples to the controller, one POST /v1/agent/metrics at a time.
 *
 * What could not be sent is kept and sent again with the next batch. An answer may
 * request logs of units.
 */
#ifndef AGENT_COLLECT_PUSH_H
#define AGENT_COLLECT_PUSH_H

#include "batch_queue.h"
#include "log_streak.h"
#include "logs.h"
#include "post.h"

struct push {
	uint32_t magic;
	const struct post *post;
	struct logs *logs;
	char *host, *address; /* owned */
	struct batch_queue queue;
	struct httpm_call *call;
	struct buf body;
	size_t n;                  /* batches in body */
	bool failing;              /* logged once */
	struct log_streak refused; /* samples that the controller does not take */
	/* The longest time that the agent's loop was held, since the last push that
	 * arrived; 0: it was not. */
	int64_t held_ms;
	char held_by[200];
	int64_t told_ms; /* held_ms in the push that is under way */
};

/* The members post, logs, host and address are set. */
void push_init(struct push *p, size_t queue_bytes);
void push_done(struct push *p);
void push_held(struct push *p, int64_t ms, const char *what);
/* Sends what is queued, unless a request is under way. */
void push_send(struct push *p);

#endif
