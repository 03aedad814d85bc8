/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "answer.h"

#include "addresses.h"
#include "check.h"
#include "message.h"
#include "other_types.h"
#include "reply.h"
#include "srv.h"

#include <string.h>

static enum dns_verdict answer_type(struct answer *a, char chase[DNS_PATH_MAX])
{
	switch (knot_pkt_qtype(a->query)) {
	case KNOT_RRTYPE_A:
		return dns_answer_address(a, 4, chase);
	case KNOT_RRTYPE_AAAA:
		return dns_answer_address(a, 6, chase);
	case KNOT_RRTYPE_SRV:
		dns_answer_srv(a);
		break;
	case KNOT_RRTYPE_TXT:
		dns_answer_txt(a);
		break;
	case KNOT_RRTYPE_CNAME:
		dns_answer_name(a, KNOT_RRTYPE_CNAME);
		break;
	case KNOT_RRTYPE_NS:
		dns_answer_ns(a);
		break;
	case KNOT_RRTYPE_SOA:
		if (strcmp(a->path, a->domain) == 0)
			dns_reply_put_soa(a, KNOT_ANSWER);
		break;
	default:
		break;
	}
	return DNS_ANSWERED;
}

/* local.dns.DOMAIN is this host. */
static void replace_local(struct answer *a)
{
	char local[DNS_PATH_MAX + 16];

	snprintf(local, sizeof(local), "%s/dns/local", a->domain);
	if (a->ask->local && strcmp(a->path, local) == 0)
		(void)dns_path_from_name(a->ask->local, a->path);
}

/* A name of ours. */
static enum dns_verdict answer_ours(struct answer *a, char chase[DNS_PATH_MAX])
{
	enum dns_verdict v;
	bool apex = strcmp(a->path, a->domain) == 0;

	if (!a->ask->ready) {
		dns_reply_set_rcode(a, KNOT_RCODE_SERVFAIL);
		return DNS_ANSWERED;
	}
	knot_wire_set_aa(a->reply->wire);
	if (knot_pkt_qtype(a->query) == KNOT_RRTYPE_ANY) {
		dns_reply_set_rcode(a, KNOT_RCODE_REFUSED);
		return DNS_ANSWERED;
	}
	replace_local(a);
	v = answer_type(a, chase);
	if (v != DNS_ANSWERED || knot_wire_get_ancount(a->reply->wire) ||
	    knot_wire_get_tc(a->reply->wire))
		return v;
	if (!apex && !dns_zone_has(a->zone, a->path))
		dns_reply_set_rcode(a, KNOT_RCODE_NXDOMAIN);
	dns_reply_put_soa(a, KNOT_AUTHORITY);
	return v;
}

static enum dns_verdict answer_question(struct answer *a, char chase[DNS_PATH_MAX])
{
	bool is_name = dns_path_from_wire(knot_pkt_qname(a->query), a->path);

	if (knot_pkt_qclass(a->query) != KNOT_CLASS_IN) {
		dns_reply_set_rcode(a, KNOT_RCODE_REFUSED);
		return DNS_ANSWERED;
	}
	a->domain = is_name && *a->path ? dns_zone_domain(a->zone, a->path) : NULL;
	if (a->domain)
		return answer_ours(a, chase);
	if (is_name && knot_pkt_qtype(a->query) == KNOT_RRTYPE_PTR) {
		dns_answer_name(a, KNOT_RRTYPE_PTR);
		if (knot_wire_get_ancount(a->reply->wire))
			return DNS_ANSWERED;
	}
	if (a->ask->can_forward)
		return DNS_FORWARD;
	dns_reply_set_rcode(a, KNOT_RCODE_SERVFAIL);
	return DNS_ANSWERED;
}

static enum dns_verdict fill(struct answer *a, char chase[DNS_PATH_MAX])
{
	enum dns_verdict v = DNS_ANSWERED;

	dns_reply_begin_edns(a);
	if (knot_wire_get_opcode(a->query->wire) != KNOT_OPCODE_QUERY)
		dns_reply_set_rcode(a, KNOT_RCODE_NOTIMPL);
	else if (knot_wire_get_qdcount(a->query->wire) != 1)
		dns_reply_set_rcode(a, KNOT_RCODE_FORMERR);
	else if (!a->query->opt_rr ||
		 knot_edns_get_version(a->query->opt_rr) == KNOT_EDNS_VERSION)
		v = answer_question(a, chase);
	dns_reply_end_edns(a);
	return v;
}

enum dns_verdict dns_answer(const struct dns_zone *z, const struct dns_ask *ask,
			    const uint8_t *query, size_t len, uint8_t *out,
			    size_t *ret_len, char chase[DNS_PATH_MAX])
{
	CLEANUP(free) struct answer *a = NULL;
	CLEANUP(knot_pkt_free) knot_pkt_t *q = NULL;
	CLEANUP(knot_pkt_free) knot_pkt_t *reply = NULL;
	enum dns_verdict v;

	if (len < KNOT_WIRE_HEADER_SIZE || len > DNS_PACKET_MAX ||
	    knot_wire_get_qr(query))
		return DNS_DROP;
	q = knot_pkt_new((uint8_t *)(uintptr_t)query, (uint16_t)len, NULL);
	/* libknot lowers the case of names in place, but for this flag. */
	if (!q || knot_pkt_parse(q, KNOT_PF_KEEPWIRE) != KNOT_EOK)
		return dns_answer_error(query, len, KNOT_RCODE_FORMERR, out, ret_len)
			       ? DNS_ANSWERED
			       : DNS_DROP;
	a = xcalloc(1, sizeof(*a));
	a->zone = z;
	a->ask = ask;
	a->query = q;
	a->names.zone = z;
	a->names.ask = ask;
	a->names.random = ask->random ? ask->random : 1;
	if (!dns_reply_begin(a, out)) {
		knot_pkt_free(a->reply);
		return DNS_DROP;
	}
	reply = a->reply;
	v = fill(a, chase);
	*ret_len = reply->size;
	return v;
}
