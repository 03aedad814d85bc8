/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch_queue.h - batches of text that wait to be sent, bounded, oldest dropped first.
 * Pure.
 */
#ifndef AGENT_COLLECT_BATCH_QUEUE_H
#define AGENT_COLLECT_BATCH_QUEUE_H

#include "buf.h"

#include <stdint.h>

struct batch {
	struct batch *next;
	size_t len;
	char *text; /* JSON objects, comma-separated */
};

struct batch_queue {
	struct batch *first, *last;
	size_t bytes, max_bytes;
	uint64_t dropped;
};

void batch_queue_init(struct batch_queue *q, size_t max_bytes);
void batch_queue_done(struct batch_queue *q);
/* Copies the text; a batch larger than the queue is dropped. */
void batch_queue_push(struct batch_queue *q, const char *text, size_t len);
/*
 * Joins the first batches with commas, as many as fit in most_bytes, at least one.
 * Returns how many; batch_queue_pop() them once they were accepted.
 */
size_t batch_queue_peek(const struct batch_queue *q, size_t most_bytes, struct buf *to);
void batch_queue_pop(struct batch_queue *q, size_t n);

#endif
