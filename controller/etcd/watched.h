/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watched.h - the ranges that watches have, each once, to find those that a key is in: a
 * tree by their first keys in which each node knows how far its branches reach (Cormen
 * et al., Introduction to Algorithms, "Interval trees"; balanced by random priorities).
 *
 * Adding and removing O(log n) on average; finding O(log n) for each range found.
 */
#ifndef CONTROLLER_ETCD_WATCHED_H
#define CONTROLLER_ETCD_WATCHED_H

#include "keyspace.h"

struct kv_watch;

struct kv_watched {
	struct kv_bytes key, end; /* from key to before end */
	bool is_open;             /* it has no end */
	struct kv_watch *waiting; /* watches of it that have sent everything */
	size_t n_watches;

	struct kv_watched *left, *right;
	struct kv_watched *reach; /* of it and its branches, the one that ends last */
	uint64_t priority;
};

/* The range [key, end) of a request (end empty: the one key), added if missing. It takes
 * both. */
struct kv_watched *kv_watched_get(struct kv_watched **root, struct kv_bytes *key,
				  struct kv_bytes *end);
/* Removes and frees it. */
void kv_watched_remove(struct kv_watched **root, struct kv_watched *r);

/* The end as a request has it: empty for one key. The range keeps the bytes. */
struct kv_bytes kv_watched_end(const struct kv_watched *r);
bool kv_watched_has(const struct kv_watched *r, const struct kv_key *k);
/* Calls back with each range that k is in; fn must not change the tree. */
typedef void kv_watched_fn(void *arg, struct kv_watched *r);
void kv_watched_find(struct kv_watched *root, const struct kv_key *k, kv_watched_fn *fn,
		     void *arg);

#endif
