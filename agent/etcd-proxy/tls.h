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
/* Whether the member chose HTTP/2. */
bool proxy_tls_is_h2(const struct proxy_conn *c);
/* Whether the files have changed since its session began: members refuse a certificate
 * once a newer one was used. */
bool proxy_tls_is_old(struct proxy_conn *c);
void proxy_tls_end(struct proxy_conn *c);

#endif
