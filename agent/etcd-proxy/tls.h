/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls.h - TLS towards the members, with credentials that are read again when their files
 * change.
 */
#ifndef AGENT_ETCD_PROXY_TLS_H
#define AGENT_ETCD_PROXY_TLS_H

#include "proxy.h"

void proxy_tls_done(struct proxy_tls *t);
/* A session over c->member_fd; h2: the client speaks HTTP/2. */
int proxy_tls_start(struct proxy_conn *c, const struct proxy_member *m, bool h2,
		    struct err *err) MUST_CHECK;
void proxy_tls_end(struct proxy_conn *c);

#endif
