/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kv.h - what the embedded store's files share; for kv*.c only.
 *
 *	etcd.c         open and close, the thread, access rules
 *	http.c    routes and answers
 *	keyspace.c     keys and their changes in memory, batches of changes, compaction
 *	parse.c   requests out of JSON
 *	txn.c     ranges, puts, deletes and transactions carried out
 *	lease.c   leases
 *	watch.c   watch streams
 *
 * Functions named here are called with the lock held unless they say otherwise.
 */
#ifndef CONTROLLER_ETCD_KV_H
#define CONTROLLER_ETCD_KV_H

#include "buf.h"
#include "etcd.h"
#include "store.h"

#include <pthread.h>

#define KV_MAGIC 0x6b767376u
#define KV_WATCH_MAGIC 0x6b767774u

#define KV_ANSWER_BYTES (64u << 20)
#define KV_REQUEST_BYTES (1536u << 10) /* of one put, as etcd's limit */
#define KV_MAX_OPS 128
#define KV_MAX_DEPTH 8 /* of transactions in transactions */
#define KV_MAX_LEASES 10000
#define KV_MAX_WATCHES 2000
#define KV_VERSION "3.4.0"

/* ---------------------------------------------------------------- faults */

/* What is told a client: gRPC's code and etcd's words. */
struct kv_fault {
	int code;
	const char *words;
};

extern const struct kv_fault kv_no_key, kv_value_provided, kv_lease_provided,
	kv_key_not_found, kv_too_large, kv_too_many_ops, kv_duplicate_key, kv_compacted,
	kv_future_rev, kv_no_space, kv_lease_not_found, kv_lease_exists, kv_ttl_too_large,
	kv_too_many_leases, kv_too_many_watches, kv_denied, kv_db_failed,
	kv_answer_too_large;

/* ---------------------------------------------------------------- memory */

struct kv_key;

/* One change of one key. */
struct kv_change {
	struct kv_key *key;
	int64_t rev, sub;
	int64_t create_rev, version, lease; /* 0 in a deletion */
	bool deleted;
	bool dropped; /* used while compacting */
	size_t value_len;
	char value[]; /* NUL-terminated */
};

struct kv_key {
	struct kv_change **changes; /* oldest first; never empty outside a batch */
	size_t n, cap;
	size_t len;
	char name[]; /* NUL-terminated */
};

struct kv_lease {
	int64_t id, ttl_s, deadline_ms; /* monotonic */
	char *owner;
};

struct kv {
	uint32_t magic;
	struct db *db;
	struct kv_opts opts;
	char *url;
	uint64_t cluster_id, member_id;
	pthread_mutex_t lock; /* of all below; taken before the database's */
	pthread_cond_t wake;  /* the thread: an earlier deadline, or the end */
	pthread_t thread;
	bool has_thread, closing;
	struct kv_key **keys; /* sorted */
	size_t n_keys, cap_keys;
	struct kv_change **log; /* every change that is kept, in order */
	size_t n_log, cap_log;
	size_t bytes;
	int64_t rev, compacted;
	struct kv_lease *leases;
	size_t n_leases, cap_leases;
	struct kv_watch *watches;
	size_t n_watches;
	bool watches_ended;
};

struct kv_bytes {
	char *data;
	size_t len;
};

/* Where key is, or belongs. */
size_t kv_find(const struct kv *kv, const char *key, size_t len, bool *ret_is);
/* The keys of [key, end) by place: *ret_from to before *ret_to. */
void kv_find_range(const struct kv *kv, const struct kv_bytes *key,
		   const struct kv_bytes *end, size_t *ret_from, size_t *ret_to);
/* key's state at rev (0: now); NULL when it was not there. */
const struct kv_change *kv_at(const struct kv_key *key, int64_t rev);
/* As kv_at() but deletions count too: what was there just before c. */
const struct kv_change *kv_before(const struct kv_change *c);
bool kv_in_range(const struct kv_key *k, const struct kv_bytes *key,
		 const struct kv_bytes *end);
/* The place in the log of the first change at rev or later. */
size_t kv_log_find(const struct kv *kv, int64_t rev);

/* Changes that happen together, at one revision. */
struct kv_batch {
	struct kv *kv;
	struct kv_change **made;
	size_t n, cap;
	int64_t ended_lease; /* goes with it */
};

void kv_batch_put(struct kv_batch *b, const struct kv_bytes *key,
		  const struct kv_bytes *value, int64_t lease);
void kv_batch_delete(struct kv_batch *b, struct kv_key *key);
/*
 * Writes it to the database and wakes the watches; if that fails the memory is as it was
 * before. The batch is empty again either way.
 */
const struct kv_fault *kv_batch_commit(struct kv_batch *b) MUST_CHECK;

/* There is room for so many more bytes; compacts if need be. */
bool kv_has_room(struct kv *kv, size_t bytes);
const struct kv_fault *kv_compact(struct kv *kv, int64_t rev) MUST_CHECK;
int kv_load(struct kv *kv, struct err *err) MUST_CHECK;
void kv_mem_done(struct kv *kv);

/* ---------------------------------------------------------------- requests */

enum kv_op_kind { KV_RANGE, KV_PUT, KV_DELETE, KV_TXN, KV_NOTHING };

struct kv_txn;

struct kv_op {
	enum kv_op_kind kind;
	struct kv_bytes key, end, value;
	int64_t limit, at_rev;
	int64_t min_mod, max_mod, min_create, max_create;
	int order, target; /* as in the enums of the wire */
	bool keys_only, count_only;
	int64_t lease;
	bool prev_kv, ignore_value, ignore_lease;
	struct kv_txn *txn;
};

struct kv_cmp {
	struct kv_bytes key, end, value;
	int target, relation; /* as in the enums of the wire */
	int64_t number;
};

struct kv_txn {
	struct kv_cmp *cmps;
	size_t n_cmps;
	struct kv_op *ops[2]; /* [1] when the cmps hold */
	size_t n_ops[2];
	bool held;
};

/* These need no lock. The op is the caller's, also after an error. */
int kv_parse_op(const json_t *o, enum kv_op_kind kind, struct kv_op *ret,
		struct err *err) MUST_CHECK;
void kv_op_done(struct kv_op *op);
DEFINE_CLEANUP_OBJECT(struct kv_op, kv_op_done);
int kv_parse_bytes(const json_t *o, const char *name, struct kv_bytes *ret,
		   struct err *err) MUST_CHECK;

/* Checks without the lock: what is wrong whatever the store holds. */
const struct kv_fault *kv_op_check(const struct kv_op *op,
				   const struct kv_access *a) MUST_CHECK;
/* Carries op out (takes the lock) and writes the whole answer. */
const struct kv_fault *kv_op_run(struct kv *kv, struct kv_op *op,
				 const struct kv_access *a, struct buf *to) MUST_CHECK;

/* ---------------------------------------------------------------- answers */

/* "header":{..} */
void kv_add_header(struct buf *b, const struct kv *kv);
void kv_add_change(struct buf *b, const char *name, const struct kv_change *c,
		   bool with_value);
/* A response with a fault's status and body. */
enum MHD_Result kv_queue_fault(struct MHD_Connection *conn, int code, const char *words);

/* ---------------------------------------------------------------- access */

bool kv_may(const struct kv_access *a, bool write, const struct kv_bytes *key,
	    const struct kv_bytes *end);
bool kv_may_all(const struct kv_access *a);

/* ---------------------------------------------------------------- leases */

/* NULL when there is none. */
struct kv_lease *kv_lease_find(struct kv *kv, int64_t id);
bool kv_lease_may(const struct kv_lease *l, const struct kv_access *a);
/* Writes the answer of POST /v3/lease/WHAT; takes the lock. */
typedef const struct kv_fault *kv_lease_fn(struct kv *kv, const json_t *o,
					   const struct kv_access *a, struct buf *to);
kv_lease_fn kv_lease_grant, kv_lease_revoke, kv_lease_keepalive, kv_lease_timetolive,
	kv_lease_list;
/* Ends what is due; the monotonic time of the next end. */
int64_t kv_lease_expire(struct kv *kv, int64_t now_ms);
void kv_lease_renew_all(struct kv *kv, int64_t now_ms); /* each has its full time */
int kv_lease_load(struct kv *kv, struct err *err) MUST_CHECK;
void kv_lease_done(struct kv *kv);

/* ---------------------------------------------------------------- watches */

/* Starts the stream; takes the lock. */
enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const json_t *create, const struct kv_access *a);
/* n changes were just added to the end of the log. */
void kv_watch_notify(struct kv *kv, size_t n);
/* Ends streams whose peer is gone, reports progress; the next time to call it. */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms);
void kv_watch_end_all(struct kv *kv);

#endif
