/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resolver.h - addresses of names, off the loop.
 *
 * A name is looked up as all programs of the host do it (getaddrinfo(): /etc/hosts, DNS,
 * what nsswitch.conf names) in a thread of its own, one for a name however many ask, and
 * RESOLVER_THREADS at once. A name server that does not answer holds that thread and
 * nothing else: neither the loop nor its end waits for it.
 *
 * What was found is kept. After RESOLVER_FRESH_MS it is looked up again, while the old
 * addresses stay in use: a name that was known once is never waited for again, and stays
 * known while no name server answers. Only the answer that there is no such name ends it.
 */
#ifndef COMMON_NET_RESOLVER_H
#define COMMON_NET_RESOLVER_H

#include "loop.h"

#define RESOLVER_FRESH_MS 30000
#define RESOLVER_THREADS 8
#define RESOLVER_NAMES 256 /* that are kept */

struct resolver;
struct resolver_wait;

int resolver_new(struct loop *l, struct resolver **ret, struct err *err) MUST_CHECK;
/* Waits end without a callback; threads that hang end by themselves. NULL is allowed. */
void resolver_free(struct resolver *r);
DEFINE_CLEANUP(struct resolver *, resolver_free);

/* The addresses of a name, "10.0.0.1,[fd00::1]"; NULL: it is not known (yet). Valid until
 * the loop runs. A look-up is begun when one is due. */
const char *resolver_get(struct resolver *r, const char *name);

/* addresses as above, or NULL and err. From the loop, once. */
typedef void resolver_fn(void *arg, const char *addresses, const struct err *err);

/* Waits for the look-up of a name that is not known; without a limit of its own. */
struct resolver_wait *resolver_wait(struct resolver *r, const char *name, resolver_fn *fn,
				    void *arg);
void resolver_cancel(struct resolver_wait *w); /* NULL is allowed */

/* What is known of the name did not serve: it is looked up at the next use. */
void resolver_doubt(struct resolver *r, const char *name);

#endif
