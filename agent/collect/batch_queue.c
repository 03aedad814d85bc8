/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "batch_queue.h"

#include "check.h"

void batch_queue_init(struct batch_queue *q, size_t max_bytes)
{
	*q = (struct batch_queue){ .max_bytes = max_bytes };
}

void batch_queue_pop(struct batch_queue *q, size_t n)
{
	while (n-- && q->first) {
		struct batch *b = q->first;

		q->first = b->next;
		if (!q->first)
			q->last = NULL;
		q->bytes -= b->len;
		free(b->text);
		free(b);
	}
}

void batch_queue_done(struct batch_queue *q)
{
	while (q->first)
		batch_queue_pop(q, 1);
}

void batch_queue_push(struct batch_queue *q, const char *text, size_t len)
{
	struct batch *b;

	if (len > q->max_bytes) {
		q->dropped++;
		return;
	}
	while (q->bytes + len > q->max_bytes) {
		batch_queue_pop(q, 1);
		q->dropped++;
	}
	b = xcalloc(1, sizeof(*b));
	b->text = xstrndup(text, len);
	b->len = len;
	q->bytes += len;
	if (q->last)
		q->last->next = b;
	else
		q->first = b;
	q->last = b;
}

size_t batch_queue_peek(const struct batch_queue *q, size_t most_bytes, struct buf *to)
{
	size_t n = 0, bytes = 0;

	for (const struct batch *b = q->first; b; b = b->next) {
		if (n && bytes + b->len > most_bytes)
			break;
		if (n)
			buf_putc(to, ',');
		buf_add(to, b->text, b->len);
		bytes += b->len;
		n++;
	}
	return n;
}
