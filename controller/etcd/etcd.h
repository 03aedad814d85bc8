/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd.h - the embedded store: etcd v3's JSON gateway, served from memory and SQLite.
 *
 * It is one etcd member with a history of its own: /v3/kv/range, put, deleterange, txn,
 * compaction; /v3/watch; /v3/lease/grant, revoke, keepalive, timetolive, leases;
 * /v3/maintenance/status, /v3/cluster/member/list; also under /v3beta; GET /health and
 * /version. Shapes and error texts are those of etcd 3.4; what it does not have
 * (authentication, elections, locks, snapshots) answers 404. One watch a stream.
 *
 * Everything is kept in memory, bounded by kv_opts; each change is in SQLite before it is
 * answered. History is compacted by itself. Leases end by a thread of the store; after a
 * restart, or when the process was stopped for a while, each has its full time again.
 *
 * Any thread may call anything. No call waits for a peer.
 */
#ifndef CONTROLLER_ETCD_ETCD_H
#define CONTROLLER_ETCD_ETCD_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv;

/* Zeroes mean the default. */
struct kv_opts {
	size_t keep_changes; /* of history, 10000; twice as many are never kept */
	size_t max_bytes;    /* of keys, values and history, 128 MiB; then puts fail */
	const char *url;     /* what the member list says clients call; "" */
};

/* opts may be NULL. The db must outlive it. */
int kv_open(struct db *db, const struct kv_opts *opts, struct kv **ret,
	    struct err *err) MUST_CHECK;
/* After kv_end_watches() and the end of the daemon that serves it. */
void kv_close(struct kv *kv);
DEFINE_CLEANUP(struct kv *, kv_close);

/*
 * Ends all watch streams, and new ones at their start. To be called before the daemon is
 * stopped, which does not stop while connections are suspended.
 */
void kv_end_watches(struct kv *kv);

/*
 * What a caller may do. A rule that ends with "/" is a prefix, any other one key; lists
 * end with NULL, and a NULL list allows nothing. A lease belongs to the owner that it
 * was granted to: only that one, or a caller that may do all, may keep, revoke or use it
 * ("" is nobody: such a lease is for callers that may do all). Who may write nothing gets
 * no lease. What concerns the whole store needs all (compaction, list of leases).
 */
struct kv_access {
	const char *owner;
	bool read_all, write_all;
	const char *const *read;
	const char *const *write;
};

/* The rights of a host: contract of the keys that agents read and write. */
struct kv_host_access {
	struct kv_access access;
	char own[2][128];
	const char *read[3];
	const char *write[4];
};
void kv_host_access(const char *host_id, struct kv_host_access *ret);

/* This path is the store's. */
bool kv_handles(const char *path);

/*
 * Answers one request, whose body (may be NULL) is whole, by queueing a response on conn.
 * A watch goes on after the return, as a chunked response that suspends the connection:
 * the daemon needs MHD_ALLOW_SUSPEND_RESUME.
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
