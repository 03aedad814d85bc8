/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * other_types.h - answers with TXT, CNAME, PTR and NS records.
 */
#ifndef AGENT_DNS_OTHER_TYPES_H
#define AGENT_DNS_OTHER_TYPES_H

#include "reply.h"

void dns_answer_txt(struct answer *a);
/* CNAME or PTR: the one record at exactly this name. */
void dns_answer_name(struct answer *a, uint16_t type);
/* Nameservers are the records below ns.dns.DOMAIN, which must be addresses. */
void dns_answer_ns(struct answer *a);

#endif
