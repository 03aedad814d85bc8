/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * srv.h - answers with SRV records, and the addresses of their targets.
 */
#ifndef AGENT_DNS_SRV_H
#define AGENT_DNS_SRV_H

#include "reply.h"

void dns_answer_srv(struct answer *a);

/* The SRV weight of r among records [n]: its share of 100 in its priority, at least 1. */
uint16_t dns_srv_weight(const struct dns_record *const *records, size_t n,
			const struct dns_record *r);

#endif
