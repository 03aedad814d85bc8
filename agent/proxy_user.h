/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy_user.h - who programs of this host are to an etcd with users: the token that the
 * etcd proxy gives their calls.
 *
 * A token ends at each member by itself when it is not used there. So it is tried every
 * few seconds through the proxy, at the member that programs use, and a new one is asked
 * for once it is refused.
 */
#ifndef AGENT_PROXY_USER_H
#define AGENT_PROXY_USER_H

#include "cleanup.h"
#include "err.h"
#include "etcd-proxy.h"

struct proxy_user;

/* The strings are copied; p must outlive it. */
int proxy_user_open(struct loop *loop, struct etcd_proxy *p, const char *user,
		    const char *password, struct proxy_user **ret,
		    struct err *err) MUST_CHECK;
void proxy_user_close(struct proxy_user *u); /* NULL is allowed */
DEFINE_CLEANUP(struct proxy_user *, proxy_user_close);

#endif
