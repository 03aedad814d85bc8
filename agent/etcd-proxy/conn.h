/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn.h - one connection through the proxy, from the client's first bytes to its end.
 */
#ifndef AGENT_ETCD_PROXY_CONN_H
#define AGENT_ETCD_PROXY_CONN_H

#include "proxy.h"

void proxy_conn_new(struct etcd_proxy *p, int client_fd);
void proxy_conn_free(struct proxy_conn *c);

#endif
