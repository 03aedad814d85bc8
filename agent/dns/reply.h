/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.h - the reply to one query in the making, and how records are put into it.
 */
#ifndef AGENT_DNS_REPLY_H
#define AGENT_DNS_REPLY_H

#include "resolve.h"

#include <libknot/libknot.h>

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

struct answer {
	const struct dns_zone *zone;
	const struct dns_ask *ask;
	knot_pkt_t *query, *reply;
	knot_rrset_t opt;
	char path[DNS_PATH_MAX]; /* of the question */
	const char *domain;      /* its path, or NULL */
	struct resolution names;
};

/* Header and question of the reply. */
bool dns_reply_begin(struct answer *a, uint8_t *out) MUST_CHECK;
void dns_reply_set_rcode(struct answer *a, int rcode);
/* Keeps room for our OPT, and puts it in. */
void dns_reply_begin_edns(struct answer *a);
void dns_reply_end_edns(struct answer *a);

/* owner NULL: the question's name, in the client's case. false: it did not fit. */
bool dns_reply_put(struct answer *a, knot_section_t section, const char *owner,
		   uint16_t type, uint32_t ttl, const uint8_t *data, uint16_t len);
bool dns_reply_put_address(struct answer *a, knot_section_t section, const char *owner,
			   const struct dns_record *r, uint32_t ttl);
/* The domain's SOA, for answers without data and for itself. */
void dns_reply_put_soa(struct answer *a, knot_section_t section);

/* Appends a name in wire form; 0 when it is not valid. */
size_t dns_name_to_wire(const char *name, uint8_t *out);

#endif
