/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_copy.h - copies of prefixes of the store that several modules share, one watch
 * each.
 *
 * A module that needs the keys under a prefix registers for it. What a host may read is
 * all of a stack's, or nothing (foretided(8)): so is what is copied. Of /skydns/ all is
 * copied.
 *
 * With a state_dir each copy is on disk as well, and is there at once after a restart,
 * also while the store is away. Records of services that vanish are kept for a while:
 * vanished.h.
 */
#ifndef AGENT_HOST_STORE_COPY_H
#define AGENT_HOST_STORE_COPY_H

#include "net.h"
#include "store.h"

struct keys;
struct keys_user;

/* An event of a service's record, as the store has it, before it is applied. */
typedef void keys_seen_fn(void *arg, const struct mirror_change *change);

/* Of the records of a service, which are below group, n are kept that vanished; 0: no
 * more. */
typedef void keys_vanished_fn(void *arg, const char *group, size_t n);

struct keys_opts {
	const char *state_dir;      /* NULL: no copy is kept on disk */
	struct files *files;        /* writes it */
	int64_t keep_vanished_ms;   /* 0: not at all */
	keys_seen_fn *seen;         /* NULL: nobody asks */
	keys_vanished_fn *vanished; /* NULL: it is only logged */
	void (*refused)(void *arg); /* keys_problem() of some has changed; or NULL */
	void *arg;
};

/* s may be NULL for a host without a store: then no copy ever comes. o may be NULL;
 * copied. */
struct keys *keys_new(struct loop *l, struct store *s, const struct keys_opts *o);
void keys_free(struct keys *k); /* its users are gone with it */
DEFINE_CLEANUP(struct keys *, keys_free);

/*
 * As mirror_fn: a batch that touches the prefix (it may hold other keys as well), or,
 * with n == 0, that the copy is there. May call keys_use() and keys_unuse().
 */
typedef void keys_fn(void *arg, const struct mirror_change *changes, size_t n);

/* fn is not called for what is there already: check keys_has_copy(). */
struct keys_user *keys_use(struct keys *k, const char *prefix, keys_fn *fn, void *arg);
void keys_unuse(struct keys_user *u); /* NULL is allowed */

bool keys_has_copy(const struct keys_user *u);
/* Why the store does not give them to this host; "" when it does, or is away. */
const char *keys_problem(const struct keys_user *u);
int64_t keys_stale_since_ms(const struct keys_user *u); /* 0: fresh; real monotonic */
const struct store_kv *keys_get(const struct keys_user *u, const char *key);
/* Keys that begin with prefix, which must begin with the user's own. */
void keys_each(const struct keys_user *u, const char *prefix, mirror_each_fn *fn,
	       void *arg);

#endif
