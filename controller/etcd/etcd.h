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

struct kv_granted;

/*
 * The owner is gone (a host that ended, a token that was revoked): its watches end at
 * once, also those whose peer reads nothing, and its leases are revoked with their keys.
 * Not for owner "". False: a lease could not be ended now, as the database cannot be
 * written; it is to be called again.
 */
bool kv_end_owner(struct kv *kv, const char *owner);
/* Whether the owner has watches or leases. */
bool kv_owner_has_any(struct kv *kv, const char *owner);
/* The owners with watches or leases whose names begin with prefix, in a list that ends
 * with NULL; the caller frees it by kv_owners_free(). */
char **kv_owners(struct kv *kv, const char *prefix);
void kv_owners_free(char **list);
DEFINE_CLEANUP(char **, kv_owners_free);

/* How often, on average; and how many at once after a rest. */
struct kv_rate {
	double per_s, burst;
};

/*
 * What one owner may have and ask for. Writes and reads are paid by their work: a
 * change, a call, a hundred keys of an answer or ten thousand looked at are one each,
 * as are 16 KiB of a request and 64 KiB of an answer. More is refused with
 * "etcdserver: too many requests" (429) until it was paid.
 */
struct kv_limits {
	size_t leases, watches; /* at once */
	int64_t ttl_s;          /* of a lease */
	size_t keys, bytes;     /* of what it wrote last: keys and values */
	size_t answer_bytes;    /* that wait to be sent; the last one may be longer */
	struct kv_rate writes, reads, keepalives;
};
extern const struct kv_limits kv_host_limits, kv_person_limits;
#define KV_TTL_MAX_S 9000000000 /* etcd's own */

/*
 * What a caller may do. A rule that ends with "/" is a prefix, any other is a single key;
 * lists end with NULL, and a NULL list allows nothing. A lease belongs to its owner: only
 * the owner, or a caller with all rights, may keep alive, revoke or use it. A caller
 * without write access gets no lease. A lease's number is random, unless the caller
 * chooses one that is free. Compaction and the list of leases require all rights.
 *
 * The owner is a host's id, "ID:programs" for its programs, "token:NUMBER" for a person;
 * or "" for the controller, which has no limits, and a share of all that no other can
 * take.
 */
struct kv_access {
	const char *owner;
	const struct kv_limits *limits; /* NULL: a host's */
	bool read_all, write_all;
	const char *const *read;
	const char *const *write;
	/*
	 * A host's agent. What it writes is under a lease of its own. Besides write it
	 * may put these records, each with its one value, in at most 64 bytes more, or
	 * with that announced as withdrawn ("withdrawn":true); and withdraw or delete
	 * what is under its lease already.
	 */
	bool is_agent;
	const struct kv_record *records; /* by key */
	size_t n_records;
	bool is_new; /* its rights have not been set yet: it may ask again */
	const struct kv_granted *granted; /* what was set; NULL: nothing, or a person */
	/* A digest of the certificate that the caller showed; 0: of none. When an owner
	 * shows another one its watches that were opened with the former end. */
	uint64_t certificate;
};

/* ---- rights of hosts */

/* One service record: its key, and the JSON object that it has to be. */
struct kv_record {
	const char *key, *value;
};

/*
 * What a host may do beyond what is its own in any case (its schedule, record and states,
 * and reading /skydns/): by what is placed on it. Rules as in struct kv_access.
 */
struct kv_rights {
	const char *host;
	const char *const *read; /* its agent */
	const char *const *write;
	const struct kv_record *records;
	size_t n_records;
	const char *const *programs_read; /* its programs, through the agent's proxy */
	const char *const *programs_write;
};

/*
 * Replaces the host's rights at once; what it points to is copied. Watches of the host
 * that it may not have any more are cancelled.
 */
void kv_set_rights(struct kv *kv, const struct kv_rights *r);
/* It has none but its own again. */
void kv_drop_rights(struct kv *kv, const char *host);

/* The rights of a host as they are at this moment; they stay valid until done. */
struct kv_host_access {
	struct kv_access access;
	struct kv_granted *granted;
	char owner[128];
	char own[3][128];
	const char *read[5];
	const char *write[3];
};
/* Of its agent: the owner is the host's id. */
void kv_host_access(struct kv *kv, const char *host_id, struct kv_host_access *ret);
/* Of its programs: the owner is "ID:programs". They have no right to /foretide/. */
void kv_programs_access(struct kv *kv, const char *host_id, struct kv_host_access *ret);
void kv_host_access_done(struct kv_host_access *a);
DEFINE_CLEANUP_OBJECT(struct kv_host_access, kv_host_access_done);

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

#define KV_OWNER_BYTES 96

/* Who was refused within the last minute, as it asked for more than its limits. */
struct kv_refusals {
	size_t n_owners;
	/* Of the one that was refused most: */
	char owner[KV_OWNER_BYTES];
	const char *why;     /* etcd's words */
	int64_t n, since_ms; /* calendar */
};
/* False: nobody. */
bool kv_refusals(struct kv *kv, struct kv_refusals *ret);

/* How full the store is, without history. */
struct kv_filling {
	size_t bytes, max_bytes;
	char owner[KV_OWNER_BYTES]; /* who has the most, besides the controller; "" */
	size_t owner_bytes;
	int64_t since_ms; /* calendar */
};
/* Whether it is time to tell: half of it is taken. */
bool kv_is_filling(struct kv *kv, struct kv_filling *ret);

#endif
