/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn.h - one connection through the proxy, from the client's first bytes on.
 */
#ifndef AGENT_ETCD_PROXY_CONN_H
#define AGENT_ETCD_PROXY_CONN_H

#include "proxy.h"

/* uid: the client's user. */
void proxy_conn_new(struct etcd_proxy *p, int client_fd, uid_t uid);

#endif
