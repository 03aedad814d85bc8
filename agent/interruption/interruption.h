/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interruption.h - whether the cloud is about to take this host back, as its metadata
 * service says: EC2's spot instance action and rebalance recommendation (IMDSv2), GCE's
 * preempted flag, Azure's scheduled events (Preempt, Terminate).
 *
 * Asked from the loop every few seconds, by at most three small requests on a kept
 * connection, one after another; what cannot be reached is asked again as often, and the
 * last notice stays. It asks no proxy and follows no redirect.
 */
#ifndef AGENT_INTERRUPTION_INTERRUPTION_H
#define AGENT_INTERRUPTION_INTERRUPTION_H

#include "cleanup.h"
#include "net.h"

#include <stdbool.h>
#include <stdint.h>

/* What the cloud intends. */
struct interruption_notice {
	char how[24]; /* "terminate", "stop", "hibernate", "preempt", "rebalance"; "":
			 none */
	char at[40];  /* when, as RFC 3339; "": it does not say */
};

/* The notice is another than before; it may be withdrawn. From the loop. */
typedef void interruption_fn(void *arg, const struct interruption_notice *n);

struct interruption_opts {
	const char *source; /* ec2 | gce | azure */
	const char *url;    /* of the service, without a / at its end */
	int64_t interval_ms;
	interruption_fn *fn;
	void *arg;
};

struct interruption;

/* http must outlive it, as must the strings. NULL: there is no such source. */
struct interruption *interruption_new(struct loop *loop, struct httpm *http,
				      const struct interruption_opts *opts);
void interruption_free(struct interruption *i);
DEFINE_CLEANUP(struct interruption *, interruption_free);

#endif
