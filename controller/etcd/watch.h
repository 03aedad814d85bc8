/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - one watch: its messages, and who reads them.
 *
 * A watch has no queue: it knows the next revision to send and reads the log when its
 * reader can take more. If that is too slow, its revision is compacted and the watch is
 * canceled. Over HTTP: watch_stream.h.
 */
#ifndef CONTROLLER_ETCD_WATCH_H
#define CONTROLLER_ETCD_WATCH_H

#include "buf.h"
#include "member.h"

#include <jansson.h>

struct kv_watch {
	uint32_t magic;
	struct kv *kv;
	struct kv_watch *next, **link; /* *link == this; NULL: not in the list */
	struct kv_reader reader;
	int fd;      /* the peer's socket, or -1 */
	char *owner; /* who watches; "": a person, or this process */
	bool waiting;
	struct kv_bytes key, end;
	int64_t next_rev, watch_id;
	bool prev_kv, no_put, no_delete, progress;
	bool created, over; /* over: out is the last message */
	bool empty_range;
	bool report_progress;
	int64_t sent_ms;
	struct buf out; /* the message being sent */
	size_t sent;
};

/* These are called with the lock held. */
/* n changes were appended to the log. */
void kv_watch_notify(struct kv *kv, size_t n);
/* Ends watches whose peer has disconnected, sends progress reports; returns when to call
 * it again. */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms);
void kv_watch_end_all(struct kv *kv);

/* ---- watch_message.c */

/* Reads a create_request. */
int kv_watch_parse(const json_t *create, struct kv_watch *w, struct err *err) MUST_CHECK;
/* Whether the watch reports this change. */
bool kv_watch_wants(const struct kv_watch *w, const struct kv_change *c);
/* Writes the next message to out; false: there is none. The lock is held. */
bool kv_watch_next(struct kv_watch *w);

#endif
