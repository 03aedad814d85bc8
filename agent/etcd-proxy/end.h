/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * end.h - how a connection goes on, or ends: after its bytes, an error or a refusal. Any
 * of these but proxy_member_close() may free c.
 */
#ifndef AGENT_ETCD_PROXY_END_H
#define AGENT_ETCD_PROXY_END_H

#include "proxy.h"

void proxy_member_close(struct proxy_conn *c);
void proxy_conn_free(struct proxy_conn *c);

/* Passes what there is. */
void proxy_conn_pump(struct proxy_conn *c);
/* Before there is a member: says why, and ends it. */
void proxy_conn_refuse(struct proxy_conn *c, const struct refusal *why);
/* The client of one that was refused sends more, or is gone. */
void proxy_conn_lingers(struct proxy_conn *c);

#endif
