/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h - client of etcd v3's JSON gateway (POST /v3/...), asynchronous on a loop.
 *
 * Works with etcd 3.4 or later and with the controller's built-in store. Every call is
 * copied, calls back exactly once, from the loop (never from inside the call), and may
 * be ignored or cancelled. What a callback receives is valid until it returns. Callbacks
 * may call everything here except store_close().
 *
 * Keys are strings without NUL; keys that are read may contain any bytes. A range is
 * [key, end): end NULL means that one key, end "" all keys from key on, and
 * store_prefix_end() gives the end of a prefix.
 *
 * Endpoints: a call goes to the current one. An endpoint that is unreachable or cannot
 * serve is skipped for a while and is probed (/health) before it is used again; with none
 * left each is tried. Reads, lease grants and keepalives are retried at the next endpoint
 * within their time limit. A put, delete, txn or revoke is retried only if the first
 * endpoint cannot have seen it; otherwise it fails with ERR_UNAVAIL or ERR_TIMEOUT and
 * may have taken effect. (When a kept connection turns out to be dead before any answer,
 * libcurl sends the request again to the same endpoint.)
 *
 * Errors in callbacks: NULL on success; ERR_UNAVAIL, ERR_TIMEOUT, ERR_NOT_FOUND (lease),
 * ERR_CONFLICT (lease exists), ERR_DENIED, ERR_INVAL (the store rejected the request),
 * ERR_LIMIT (compacted or future revision, too large), ERR_PROTO.
 */
#ifndef COMMON_STORE_CLIENT_H
#define COMMON_STORE_CLIENT_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_direct;
struct store_call;
struct store_watch;

struct store_opts {
	const char *endpoints; /* "https://a:2379,https://b:2379"; http too */
	const char *ca_file, *cert_file, *key_file;
	const char *token; /* bearer token for the built-in store, or NULL */
	/* Who the client is to an etcd with users; NULL or "": nobody. An etcd without
	 * users is used as it is. */
	const char *user, *password;
	/* There is a new token of the user, before it is used; may be NULL. */
	void (*on_token)(void *arg, const char *token);
	void *token_arg;
	int64_t timeout_ms; /* of a call, over all endpoints; 0: 5000 */
	/* A store in this process (direct.h), in place of endpoints; it outlives the
	 * client. */
	const struct store_direct *direct;
};

/* ERR_INVAL when endpoints is not a list of http(s) URLs. Connects to nothing yet. */
int store_open(struct loop *loop, const struct store_opts *opts, struct store **ret,
	       struct err *err) MUST_CHECK;
/* Calls and watches end without a callback. NULL is allowed. */
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close);

struct loop *store_loop(const struct store *s);

/* The latest exchange succeeded; the problem, for users, if not ("" when there
 * is none). */
bool store_is_reachable(const struct store *s);
const char *store_problem(const struct store *s);
const char *store_endpoint(const struct store *s); /* in use now */

/* Whether the etcd asks for users, as far as a client with a user has found out. */
enum store_users_asked { STORE_USERS_UNKNOWN, STORE_USERS_ON, STORE_USERS_OFF };
enum store_users_asked store_users_asked(const struct store *s);

/* No callback follows. NULL is allowed. */
void store_cancel(struct store_call *c);

struct store_kv {
	const char *key; /* NUL-terminated, as is value */
	size_t key_len;
	const char *value;
	size_t value_len;
	int64_t create_rev, mod_rev, version;
	int64_t lease; /* 0: none */
};

/* A copy with its own bytes, and its end. */
struct store_kv store_kv_copy(const struct store_kv *kv);
void store_kv_done(struct store_kv *kv);
/* As memcmp() over key bytes, the shorter first. */
int store_key_cmp(const char *a, size_t a_len, const char *b, size_t b_len);

/* The smallest key after all that begin with prefix; "" when there is none. Caller
 * frees. */
char *store_prefix_end(const char *prefix);

/* ---------------------------------------------------------------- ranges */

/* rev is the store's revision at the read: watch from rev + 1 to continue from here. */
typedef void store_range_fn(void *arg, const struct store_kv *kvs, size_t n, int64_t rev,
			    const struct err *err);

/*
 * Reads [key, end), in the order of the keys, at most limit of them (0: all), as of
 * revision at_rev (0: now). An answer over 32 MiB is ERR_LIMIT.
 */
struct store_call *store_range(struct store *s, const char *key, const char *end,
			       int64_t limit, int64_t at_rev, store_range_fn *fn,
			       void *arg);

enum store_sort {
	STORE_BY_KEY,
	STORE_BY_VERSION,
	STORE_BY_CREATE,
	STORE_BY_MOD,
	STORE_BY_VALUE
};

struct store_range_req {
	const char *key;
	size_t key_len;
	const char *end; /* NULL: one key */
	size_t end_len;
	int64_t limit, at_rev;
	enum store_sort sort;
	bool descending;
	bool keys_only;
	bool count_only;
};

struct store_range_res {
	const struct store_kv *kvs;
	size_t n;
	bool more;     /* limit cut it */
	int64_t count; /* keys in the range, whatever the limit */
	int64_t rev;
};

typedef void store_range_full_fn(void *arg, const struct store_range_res *res,
				 const struct err *err);
/* All options of a range, with keys of any bytes. */
struct store_call *store_range_full(struct store *s, const struct store_range_req *req,
				    store_range_full_fn *fn, void *arg);

/* ---------------------------------------------------------------- writes */

typedef void store_done_fn(void *arg, int64_t rev, const struct err *err);

struct store_call *store_put(struct store *s, const char *key, const void *value,
			     size_t len, int64_t lease, store_done_fn *fn, void *arg);
struct store_call *store_delete(struct store *s, const char *key, const char *end,
				store_done_fn *fn, void *arg);
/* Drops history before rev. */
struct store_call *store_compact(struct store *s, int64_t rev, store_done_fn *fn,
				 void *arg);

enum store_target { STORE_VERSION, STORE_CREATE, STORE_MOD, STORE_VALUE, STORE_LEASE };
enum store_relation { STORE_EQUAL, STORE_GREATER, STORE_LESS, STORE_NOT_EQUAL };

/*
 * A key that does not exist has version, create, mod and lease 0; comparing its value
 * is false whatever the relation. With end all keys in the range must hold.
 */
struct store_cmp {
	const char *key;
	const char *end;
	enum store_target target;
	enum store_relation relation;
	int64_t number;    /* all targets but VALUE */
	const void *value; /* VALUE */
	size_t value_len;
};

enum store_op_kind { STORE_OP_RANGE, STORE_OP_PUT, STORE_OP_DELETE };

struct store_op {
	enum store_op_kind kind;
	const char *key;
	const char *end;   /* RANGE, DELETE */
	const void *value; /* PUT */
	size_t value_len;
	int64_t lease;         /* PUT */
	int64_t limit, at_rev; /* RANGE */
	bool prev_kv;          /* PUT, DELETE: the previous value is returned in kvs */
};

/* If all cmps hold then the first ops, else the others; all at one revision. */
struct store_txn {
	const struct store_cmp *cmps;
	size_t n_cmps;
	const struct store_op *then_ops;
	size_t n_then;
	const struct store_op *else_ops;
	size_t n_else;
};

struct store_op_result {
	enum store_op_kind kind;
	const struct store_kv *kvs; /* RANGE, or prev_kv */
	size_t n;
	int64_t count; /* RANGE: keys in the range; DELETE: keys deleted */
};

struct store_txn_res {
	bool succeeded; /* the cmps held */
	int64_t rev;
	const struct store_op_result *results; /* one per op, in order */
	size_t n;
};

typedef void store_txn_fn(void *arg, const struct store_txn_res *res,
			  const struct err *err);
struct store_call *store_do_txn(struct store *s, const struct store_txn *txn,
				store_txn_fn *fn, void *arg);

/* ---------------------------------------------------------------- watches */

struct store_event {
	bool deleted; /* kv then has only key and mod_rev (of the deletion) */
	struct store_kv kv;
	bool has_prev;
	struct store_kv prev; /* before the change, when requested */
};

/*
 * Events in order, or err:
 *   NULL         n events (n may be 0: the watch has just been (re)established); all
 * events up to this revision of the store have been reported ERR_LIMIT    the watch has
 * ended, as its history was compacted (rev: the compact revision, or 0 when the store has
 * an older revision than was seen: it was created again); read again and start another.
 * The callback may stop it ERR_DENIED, ERR_INVAL  the watch has ended, the store rejects
 * it others       the connection was lost; the watch resumes automatically
 */
typedef void store_watch_fn(void *arg, const struct store_event *events, size_t n,
			    int64_t rev, const struct err *err);

/*
 * Watches [key, end) from from_rev on (0: from now on). Reconnects, to another endpoint
 * if need be, from the last revision seen, until store_watch_stop(): no event is lost
 * or reported twice.
 */
struct store_watch *store_watch(struct store *s, const char *key, const char *end,
				int64_t from_rev, bool prev_kv, store_watch_fn *fn,
				void *arg);
void store_watch_stop(struct store_watch *w); /* NULL is allowed */

/* ---------------------------------------------------------------- leases */

/* ttl_s is what the store grants, which may be more than requested. */
typedef void store_lease_fn(void *arg, int64_t id, int64_t ttl_s, const struct err *err);

/* id 0: the store chooses. */
struct store_call *store_lease_grant(struct store *s, int64_t ttl_s, int64_t id,
				     store_lease_fn *fn, void *arg);
/* ERR_NOT_FOUND when the lease has expired: request a new one and put its keys again. */
struct store_call *store_lease_keepalive(struct store *s, int64_t id, store_lease_fn *fn,
					 void *arg);
/* Also deletes its keys. */
struct store_call *store_lease_revoke(struct store *s, int64_t id, store_done_fn *fn,
				      void *arg);

struct store_lease_info {
	int64_t id;
	int64_t ttl_s; /* left */
	int64_t granted_ttl_s;
	const struct store_kv *keys; /* only key is set */
	size_t n;
};

typedef void store_lease_info_fn(void *arg, const struct store_lease_info *info,
				 const struct err *err);
struct store_call *store_lease_timetolive(struct store *s, int64_t id, bool keys,
					  store_lease_info_fn *fn, void *arg);

#endif
