/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease.h - the host's one lease, and the keys it keeps in the store under it.
 *
 * Modules set the value that a key should have; it is written when the store is
 * reachable, and not again while it is equal. When the lease is lost, a new one is
 * granted and everything is put again. keepalive.c refreshes it. The lease's id is kept
 * in a file, so that an agent that restarts in time continues it and rewrites nothing.
 *
 * What differs in the store is put right. A record of a service that is to go is first
 * put as withdrawn (withdrawal.h).
 */
#ifndef AGENT_HOST_LEASE_H
#define AGENT_HOST_LEASE_H

#include "cleanup.h"
#include "net.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

struct lease;

/*
 * A key that a previous run of the agent left under the lease and that no module has
 * claimed by lease_set(). Return false to have it deleted.
 */
typedef bool lease_found_fn(void *arg, const char *key);

struct lease_opts {
	int64_t ttl_s;
	/* For the refreshes, which have a client of the store of their own. */
	const struct store_opts *store;
	const char *file;    /* where the lease's id is kept; copied */
	struct files *files; /* writes it */
	int64_t look_ms;     /* between two looks at all keys, at least; 0: 4 s */
	lease_found_fn *found;
	/* A key was not as it should be, and is written again; NULL: it is only logged.
	 */
	void (*put_right)(void *arg, const char *key, const char *why);
	void *arg;
};

int lease_new(struct loop *loop, struct store *s, const struct lease_opts *o,
	      struct lease **ret, struct err *err) MUST_CHECK;
void lease_free(struct lease *l); /* the keys stay until the lease expires */
DEFINE_CLEANUP(struct lease *, lease_free);

/*
 * An event of the store, as keys_seen_fn has it: a key of ours that is not as it was
 * written is written again. (All keys are looked at every few seconds as
 * well.)
 */
void lease_seen(struct lease *l, const struct mirror_change *change);

void lease_set(struct lease *l, const char *key, const char *value);
void lease_unset(struct lease *l, const char *key);

#endif
