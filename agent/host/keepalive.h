/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keepalive.h - refreshes of the host's lease, before all else that the agent does.
 *
 * They have a thread, a loop and a client of the store of their own: whatever holds the
 * agent's loop, the lease is refreshed in time. Yet it stands for an agent that works:
 * when that loop has not turned for KEEPALIVE_STUCK_MS, no refresh is sent until it
 * turns.
 */
#ifndef AGENT_HOST_KEEPALIVE_H
#define AGENT_HOST_KEEPALIVE_H

#include "cleanup.h"
#include "net.h"
#include "store.h"

#include <stdint.h>

#define KEEPALIVE_STUCK_MS 60000

struct keepalive;

/*
 * A refresh of lease id is over: err NULL, or ERR_NOT_FOUND when the store has no such
 * lease, and then none is sent until keepalive_set(); others are repeated. From the loop.
 */
typedef void keepalive_fn(void *arg, int64_t id, const struct err *err);

struct keepalive_opts {
	const struct store_opts *store; /* copied */
	int64_t ttl_s;                  /* a refresh every third of it */
	int64_t stuck_ms;               /* 0: KEEPALIVE_STUCK_MS */
	keepalive_fn *fn;
	void *arg;
};

int keepalive_new(struct loop *l, const struct keepalive_opts *o, struct keepalive **ret,
		  struct err *err) MUST_CHECK;
void keepalive_free(struct keepalive *k); /* waits for no answer; NULL is allowed */
DEFINE_CLEANUP(struct keepalive *, keepalive_free);

/* The lease to refresh, at once and from then on; 0: none. */
void keepalive_set(struct keepalive *k, int64_t id);

#endif
