/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connect.h - from a connection's first request to a member that takes it: its name, the
 * connection, TLS. Any of these may free c, or refuse it.
 */
#ifndef AGENT_ETCD_PROXY_CONNECT_H
#define AGENT_ETCD_PROXY_CONNECT_H

#include "proxy.h"

void proxy_member_try(struct proxy_conn *c);
/* The one that is tried does not answer. */
void proxy_member_next(struct proxy_conn *c, const char *why);

#endif
