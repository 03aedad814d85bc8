/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - what one watch tells its client, message by message.
 *
 * A watch keeps no queue: it knows the next revision to tell and reads the log when its
 * connection can take more. One that is too slow finds its revision compacted away and is
 * told so. How it gets to the client: watch_stream.h.
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
	struct MHD_Connection *conn;
	int fd;
	bool suspended;
	struct kv_bytes key, end;
	int64_t next_rev, watch_id;
	bool prev_kv, no_put, no_delete, progress;
	bool created, over; /* over: nothing follows what is in out */
	bool empty_range;
	bool report_progress;
	int64_t sent_ms;
	struct buf out; /* the message that is being sent */
	size_t sent;
};

/* From a create_request. */
int kv_watch_parse(const json_t *create, struct kv_watch *w, struct err *err) MUST_CHECK;
/* Whether it is to tell of this change. */
bool kv_watch_wants(const struct kv_watch *w, const struct kv_change *c);
/* Puts the next message in out; false when there is nothing to say. With the lock held.
 */
bool kv_watch_next(struct kv_watch *w);

#endif
