/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease.h - the host's one lease, and the keys it keeps in the store under it.
 *
 * Others say which value a key shall have; it is written when the store is there, and
 * never again while it is equal. When the lease is lost a new one is taken and everything
 * is put again. The lease's number is kept in a file, so that an agent that starts again
 * in time goes on with it and rewrites nothing.
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
 * A key that an earlier life of the agent left under the lease and nobody has claimed by
 * lease_set(). Return false to have it deleted.
 */
typedef bool lease_found_fn(void *arg, const char *key);

struct lease_opts {
	int64_t ttl_s;
	const char *file; /* where the lease's number is kept; copied */
	lease_found_fn *found;
	void *arg;
};

struct lease *lease_new(struct loop *loop, struct store *s, const struct lease_opts *o);
void lease_free(struct lease *l); /* the keys stay until the lease ends */
DEFINE_CLEANUP(struct lease *, lease_free);

void lease_set(struct lease *l, const char *key, const char *value);
void lease_unset(struct lease *l, const char *key);

#endif
