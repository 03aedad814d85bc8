/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pass.h - bytes between client and member, both ways.
 */
#ifndef AGENT_ETCD_PROXY_PASS_H
#define AGENT_ETCD_PROXY_PASS_H

#include "proxy.h"

/* Moves what there is, and asks the loop for more. false: the connection is over. */
bool proxy_pass(struct proxy_conn *c);
/* Before a member is connected: only keeps what comes. false: the connection is over. */
bool proxy_keep_early(struct proxy_conn *c);
/* The same for what was kept: c->up has what may pass, c->refusal says what may not. */
bool proxy_judge_early(struct proxy_conn *c);

#endif
