/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd.h - the built-in store: one member of etcd v3 with its JSON gateway, kept in
 * memory and SQLite.
 *
 * It serves /v3/kv/range, put, deleterange, txn,
 * compaction; /v3/watch; /v3/lease/grant, revoke, keepalive, timetolive, leases;
 * /v3/maintenance/status, /v3/cluster/member/list; also under /v3beta; GET /health and
 * /version. JSON and error messages are those of etcd 3.4; what is not supported
 * (authentication, elections, locks, snapshots) returns 404. One watch per stream.
 *
 * Everything is in memory, bounded by kv_opts; each change is written to SQLite before it
 * is answered. History is compacted automatically. A thread of the store ends leases;
 * after a restart, or when the process was stopped for a while, each has its full time
 * again.
 *
 * Safe from any thread. No call waits for a peer.
 */
#ifndef CONTROLLER_ETCD_ETCD_H
#define CONTROLLER_ETCD_ETCD_H

#include "buf.h"
#include "cleanup.h"
#include "db.h"
#include "err.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kv;

/* 0 or NULL: the default. */
struct kv_opts {
	size_t keep_changes; /* of history, 10000; at most twice as many */
	size_t max_bytes;    /* of keys, values and history, 128 MiB; then puts fail */
	const char *url;     /* client URL in the member list; "" */
	/* The peer of a watch of this owner has hung up: it may be gone, or restarting.
	 * Called without a lock, soon after. NULL: nobody asks. */
	void (*hung_up)(void *arg, const char *owner);
	void *arg;
};

/* opts may be NULL. The db must outlive it. */
int kv_open(struct db *db, const struct kv_opts *opts, struct kv **ret,
	    struct err *err) MUST_CHECK;
/* Call kv_end_watches() and stop the daemon that serves it before. */
void kv_close(struct kv *kv);
DEFINE_CLEANUP(struct kv *, kv_close);

/*
 * Ends all watch streams, also those that start later. Call it before stopping the
 * daemon, which cannot stop while connections are suspended.
 */
void kv_end_watches(struct kv *kv);

/*
 * What a caller may do. A rule that ends with "/" is a prefix, any other is a single key;
 * lists end with NULL, and a NULL list allows nothing. A lease belongs to its owner: only
 * the owner, or a caller with all rights, may keep alive, revoke or use it (owner "":
 * only callers with all rights). A caller without write access gets no lease. Compaction
 * and the list of leases require all rights.
 */
struct kv_access {
	const char *owner;
	bool read_all, write_all;
	const char *const *read;
	const char *const *write;
};

/* The rights of a host's agent. */
struct kv_host_access {
	struct kv_access access;
	char own[2][128];
	const char *read[3];
	const char *write[4];
};
void kv_host_access(const char *host_id, struct kv_host_access *ret);

/* ---- calls of this process */

/*
 * Answers POST path (such as "/v3/kv/put") with a JSON body (may be NULL): the HTTP
 * status and, in answer, the body that a client would get. Not for watches.
 */
unsigned kv_call(struct kv *kv, const char *path, const char *body, size_t body_len,
		 const struct kv_access *access, struct buf *answer);

/*
 * Who reads a watch; both are called with the store's lock held, so they may only signal.
 * After waits() (may be NULL) there is nothing to read until wake().
 */
struct kv_reader {
	void (*waits)(void *arg);
	void (*wake)(void *arg);
	void *arg;
};

struct kv_watch;

/* A watch by the body that POST /v3/watch has; on a status other than 200, answer says
 * why. */
unsigned kv_watch_open(struct kv *kv, const char *body, size_t body_len,
		       const struct kv_access *access, const struct kv_reader *reader,
		       struct kv_watch **ret, struct buf *answer);
/* Bytes of the stream: 0 when there are none now, negative at the end. */
ssize_t kv_watch_read(struct kv_watch *w, char *data, size_t max);
/* Whether a watch of this owner is open. */
bool kv_is_watched(struct kv *kv, const char *owner);
/* After it no wake() follows. */
void kv_watch_close(struct kv_watch *w);

/* ---- over HTTP */

/* Whether the path belongs to the store. */
bool kv_handles(const char *path);

/*
 * Answers one request with its complete body (may be NULL) by queueing a response on
 * conn. A watch continues after the return, as a chunked response that suspends the
 * connection: the daemon needs MHD_ALLOW_SUSPEND_RESUME.
 */
enum MHD_Result kv_serve(struct kv *kv, struct MHD_Connection *conn, const char *method,
			 const char *path, const char *body, size_t body_len,
			 const struct kv_access *access);

struct kv_stats {
	int64_t rev, compacted;
	size_t keys, changes, bytes, leases, watches;
};
void kv_stats(struct kv *kv, struct kv_stats *ret);

#endif
