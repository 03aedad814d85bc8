/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choose.h - which member a connection tries next.
 */
#ifndef AGENT_ETCD_PROXY_CHOOSE_H
#define AGENT_ETCD_PROXY_CHOOSE_H

#include "proxy.h"

/* The one that is being tried. */
struct proxy_member *proxy_member_of(struct proxy_conn *c);
/* The next one; those that are out come only after all others were tried. NULL: all were
 * tried. */
struct proxy_member *proxy_choose(struct proxy_conn *c);
/* The one that is being tried does not answer: it is out for a while. */
void proxy_member_out(struct proxy_conn *c, const char *why);

#endif
