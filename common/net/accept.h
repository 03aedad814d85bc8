/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * accept.h - a listening socket on a loop.
 *
 * While there are no descriptors (or no memory) for another connection, clients wait in
 * the socket's queue, and it is tried again after ACCEPT_AGAIN_MS: a socket that stays
 * readable would keep the loop turning.
 */
#ifndef COMMON_NET_ACCEPT_H
#define COMMON_NET_ACCEPT_H

#include "loop.h"

#define ACCEPT_AGAIN_MS 100

struct acceptor;

/*
 * fd is a new connection, non-blocking and close-on-exec, the callee's; or -1 and why
 * there is none, once until there is one again.
 */
typedef void accept_fn(void *arg, int fd, const struct err *err);

/* listen_fd is the acceptor's from then on, also on failure. */
int acceptor_new(struct loop *l, int listen_fd, accept_fn *fn, void *arg,
		 struct acceptor **ret, struct err *err) MUST_CHECK;
void acceptor_free(struct acceptor *a); /* NULL is allowed */
DEFINE_CLEANUP(struct acceptor *, acceptor_free);

#endif
