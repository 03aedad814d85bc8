/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * addresses.h - answers with A and AAAA records, and CNAME towards them.
 */
#ifndef AGENT_DNS_ADDRESSES_H
#define AGENT_DNS_ADDRESSES_H

#include "reply.h"

/* DNS_CHASE: the name leads outside, to the name put into chase. */
enum dns_verdict dns_answer_address(struct answer *a, int family,
				    char chase[DNS_PATH_MAX]);

#endif
