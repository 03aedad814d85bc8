/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kv.h - the built-in store's tables: changes by revision, leases, a few numbers.
 *
 * The controller keeps it all in memory and reads it once, at start. Writes commit
 * without waiting for the disk (write-ahead log, synchronous NORMAL): they survive the
 * end of the process, but the last ones before a power failure may be lost, in order.
 */
#ifndef DB_KV_H
#define DB_KV_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct db_kv_change {
	int64_t rev;
	int64_t sub;
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
	int64_t create_rev, version, lease;
	bool deleted;
	const char *owner; /* who wrote it; "" for none */
};

struct db_kv_lease {
	int64_t id, ttl_s;
	const char *owner; /* "" for none */
};

/* Visits all changes in order of rev and sub; a non-zero return stops it. */
typedef int db_kv_change_fn(void *arg, const struct db_kv_change *c, struct err *err);
int db_kv_changes(struct db *db, db_kv_change_fn *fn, void *arg,
		  struct err *err) MUST_CHECK;
typedef int db_kv_lease_fn(void *arg, const struct db_kv_lease *l, struct err *err);
int db_kv_leases(struct db *db, db_kv_lease_fn *fn, void *arg,
		 struct err *err) MUST_CHECK;

/* 0 when there is none of that name. */
int db_kv_state_get(struct db *db, const char *name, int64_t *ret,
		    struct err *err) MUST_CHECK;
int db_kv_state_put(struct db *db, const char *name, int64_t value,
		    struct err *err) MUST_CHECK;

/* All n changes of one revision, and the end of one lease with them (0: none). */
int db_kv_commit(struct db *db, const struct db_kv_change *changes, size_t n,
		 int64_t ended_lease, struct err *err) MUST_CHECK;
int db_kv_lease_put(struct db *db, const struct db_kv_lease *l,
		    struct err *err) MUST_CHECK;

/*
 * Deletes n changes (only rev and sub are used) and notes that history begins at
 * compacted, with the store at rev; one transaction.
 */
int db_kv_compact(struct db *db, const struct db_kv_change *changes, size_t n,
		  int64_t compacted, int64_t rev, struct err *err) MUST_CHECK;

#endif
