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

/* Of a message: all that a request can put at once, before and after. */
#define KV_MESSAGE_BYTES (16u << 20)
#define KV_WATCH_MAGIC 0x6b767774u

/* A place in a list: *link points to the watch that has it. */
struct kv_watch_place {
	struct kv_watch *next, **link; /* link NULL: in no list */
};

struct kv_watch {
	uint32_t magic;
	struct kv *kv;
	struct kv_watch_place among_all, among_owners, among_waiting;
	struct kv_reader reader;
	struct kv_owner *owner; /* who watches */
	const struct kv_limits *limits;
	struct kv_watched *range;
	uint64_t certificate; /* that it was opened with; 0: none */
	int fd;               /* the peer's socket, or -1 */
	/* When it waits, all before the store's revision was seen, if that is later. */
	int64_t next_rev, watch_id;
	bool waiting;
	bool prev_kv, no_put, no_delete, progress;
	bool created, over; /* over: out is the last message */
	bool denied;        /* its owner's rights have changed */
	bool empty_range;
	bool ended; /* with its owner: no more is sent */
	bool report_progress;
	int64_t sent_ms;
	struct buf out;       /* the message being sent */
	size_t sent, counted; /* for the owner: bytes of out */
};

/* ---- watch_list.c; with the lock held */

/* Its owner and range are set. */
void kv_watch_list(struct kv *kv, struct kv_watch *w);
void kv_watch_unlist(struct kv *kv, struct kv_watch *w);
/* It has sent all that its range has. */
void kv_watch_list_waiting(struct kv_watch *w);
/* If it waits: what is before rev was seen, or is not wanted. */
void kv_watch_wake(struct kv_watch *w, int64_t rev);
/* n changes were appended to the log. Costs what the watches do that want them. */
void kv_watch_notify(struct kv *kv, size_t n);
/* Ends watches whose peer has disconnected, sends progress reports; returns when to call
 * it again. */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms);
void kv_watch_end_all(struct kv *kv);
void kv_watch_end_owner(struct kv *kv, const char *owner);
/* Those that were not opened with this certificate. */
void kv_watch_end_others(struct kv *kv, const char *owner, uint64_t certificate);
/* Cancels those of a's owner that it may not have. */
void kv_watch_judge(struct kv *kv, const struct kv_access *a);

/* Takes the lock: the socket tells when the peer is gone. */
void kv_watch_set_peer(struct kv_watch *w, int fd);

/* ---- watch_message.c */

/* What a create_request asks for; an empty key is the first possible one. */
struct kv_watch_request {
	struct kv_bytes key, end;
};
void kv_watch_request_done(struct kv_watch_request *r);
DEFINE_CLEANUP_OBJECT(struct kv_watch_request, kv_watch_request_done);

/* Reads a create_request. */
int kv_watch_parse(const json_t *create, struct kv_watch *w, struct kv_watch_request *ret,
		   struct err *err) MUST_CHECK;
/* Whether the watch reports this change of its range. */
bool kv_watch_wants(const struct kv_watch *w, const struct kv_change *c);

enum kv_watch_step {
	KV_NOTHING_YET,
	KV_MESSAGE, /* in out */
	KV_LOOK_ON  /* there may be more: call it again, others first */
};
/* Writes the next message to out; looks at a bounded part of the log. */
enum kv_watch_step kv_watch_next(struct kv_watch *w, size_t *ret_looked);

#endif
