/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyspace.h - keys and their changes in memory: finding, adding, compacting. It knows
 * no database and no JSON, and does not lock.
 */
#ifndef CONTROLLER_ETCD_KEYSPACE_H
#define CONTROLLER_ETCD_KEYSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv_bytes {
	char *data;
	size_t len;
};

struct kv_key;
struct kv_owner;

/* One change of one key. */
struct kv_change {
	struct kv_key *key;
	int64_t rev, sub;
	int64_t create_rev, version, lease; /* 0 in a deletion */
	bool deleted;
	bool dropped; /* used while compacting */
	bool orphan;  /* it is pinned, and nothing else */
	uint32_t pins;
	size_t value_len;
	char value[]; /* NUL-terminated */
};

struct kv_key {
	struct kv_change **changes; /* oldest first; never empty outside a batch */
	size_t n, cap;
	struct kv_owner *owner; /* who wrote it last; NULL: it does not exist */
	struct kv_owner *stack; /* whose programs that is; NULL: no programs */
	size_t owned_bytes;     /* that count for both */
	size_t n_alive;         /* its changes that are not freed */
	bool removed;           /* from the keyspace */
	int64_t lease;          /* by which it is among leased; 0: it is not */
	size_t len;
	char name[]; /* NUL-terminated */
};

struct keyspace {
	struct kv_key **keys; /* sorted */
	size_t n_keys, cap_keys;
	struct kv_key **leased; /* those that exist and have a lease, by lease and name */
	size_t n_leased, cap_leased;
	struct kv_change **log; /* every change that is kept, in order */
	size_t n_log, cap_log;
	size_t bytes; /* of keys and changes */
	int64_t rev, compacted;
};

void keyspace_done(struct keyspace *s);

/* ---------------------------------------------------------------- finding */

/* The index of key, or where it would be inserted. */
size_t kv_find(const struct keyspace *s, const char *key, size_t len, bool *ret_is);
/* The indexes of the keys in [key, end): from *ret_from to before *ret_to. */
void kv_find_range(const struct keyspace *s, const struct kv_bytes *key,
		   const struct kv_bytes *end, size_t *ret_from, size_t *ret_to);
/* key's state at rev (0: now); NULL when it did not exist. */
struct kv_change *kv_at(const struct kv_key *key, int64_t rev);
/* Where this key is, or belongs, among leased. */
size_t kv_leased_place(const struct keyspace *s, int64_t lease, const char *name,
		       size_t len);
/* The i-th of the lease's keys, in their order; NULL when there are not so many. */
struct kv_key *kv_leased(const struct keyspace *s, int64_t lease, size_t i);
/* The state of c's key just before c; NULL when it did not exist. */
const struct kv_change *kv_before(const struct kv_change *c);
/* The index in the log of the first change at rev or later. */
size_t kv_log_find(const struct keyspace *s, int64_t rev);

/* ---------------------------------------------------------------- changing */

/* The key, added if missing; a change of it must follow. */
struct kv_key *keyspace_key(struct keyspace *s, const char *name, size_t len);
/* A new change of k; the caller sets its other members, then calls keyspace_lease(). */
struct kv_change *keyspace_add(struct keyspace *s, struct kv_key *k, const char *value,
			       size_t len);
/* k has its newest change's lease. */
void keyspace_lease(struct keyspace *s, struct kv_key *k);
/* Removes it again; it must be its key's newest and not be in the log. */
void keyspace_undo(struct keyspace *s, struct kv_change *c);
/* Appends it to the log. */
void keyspace_log(struct keyspace *s, struct kv_change *c);
/* What is pinned, and its key, can be read without the lock, also when it was compacted
 * meanwhile: until it is unpinned. */
void keyspace_pin(struct kv_change *c);
void keyspace_unpin(struct keyspace *s, struct kv_change *c);

/* ---------------------------------------------------------------- compacting */

/* Marks changes that reads at rev or later do not need as dropped; returns how many. */
size_t keyspace_mark(struct keyspace *s, int64_t rev);
void keyspace_unmark(struct keyspace *s);
/* Frees marked changes, and keys without changes. */
void keyspace_sweep(struct keyspace *s);

#endif
