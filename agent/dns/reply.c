/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reply.h"

#include "check.h"
#include "message.h"

#include <string.h>

#define UDP_PLAIN 512
#define UDP_MOST 4096

bool dns_reply_put(struct answer *a, knot_section_t section, const char *owner,
		   uint16_t type, uint32_t ttl, const uint8_t *data, uint16_t len)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	knot_dname_t *name = a->reply->lower_qname;
	knot_rrset_t rr;
	int rc;

	if (owner)
		name = knot_dname_from_str(storage, owner, sizeof(storage));
	if (!name)
		return true;
	if (a->reply->current != section && knot_pkt_begin(a->reply, section) != KNOT_EOK)
		return false;
	knot_rrset_init(&rr, name, type, KNOT_CLASS_IN, ttl);
	if (knot_rrset_add_rdata(&rr, data, len, NULL) != KNOT_EOK)
		return false;
	rc = knot_pkt_put(a->reply, owner ? KNOT_COMPR_HINT_NONE : KNOT_COMPR_HINT_QNAME,
			  &rr, section == KNOT_ADDITIONAL ? KNOT_PF_NOTRUNC : 0);
	knot_rdataset_clear(&rr.rrs, NULL);
	return rc == KNOT_EOK;
}

size_t dns_name_to_wire(const char *name, uint8_t *out)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	const knot_dname_t *d = knot_dname_from_str(storage, name, sizeof(storage));
	size_t n = d ? knot_dname_size(d) : 0;

	if (n)
		memcpy(out, d, n);
	return n;
}

bool dns_reply_put_address(struct answer *a, knot_section_t section, const char *owner,
			   const struct dns_record *r, uint32_t ttl)
{
	bool v4 = r->family == 4;

	return dns_reply_put(a, section, owner, v4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
			     ttl, r->addr, v4 ? 4 : 16);
}

void dns_reply_put_soa(struct answer *a, knot_section_t section)
{
	uint8_t data[2 * KNOT_DNAME_MAXLEN + 20];
	char domain[DNS_PATH_MAX], name[DNS_PATH_MAX + 16];
	const uint32_t numbers[] = { (uint32_t)(a->ask->now_s / 3600 * 3600), 28800, 7200,
				     604800, a->ask->negative_ttl_s };
	size_t n;

	dns_name_from_path(a->domain, 0, domain);
	snprintf(name, sizeof(name), "ns.dns.%s", domain);
	n = dns_name_to_wire(name, data);
	snprintf(name, sizeof(name), "hostmaster.%s", domain);
	n += dns_name_to_wire(name, data + n);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++, n += 4)
		knot_wire_write_u32(data + n, numbers[i]);
	(void)dns_reply_put(a, section, domain, KNOT_RRTYPE_SOA, a->ask->negative_ttl_s,
			    data, (uint16_t)n);
}

/* ---------------------------------------------------------------- around the records */

void dns_reply_set_rcode(struct answer *a, int rcode)
{
	knot_wire_set_rcode(a->reply->wire, (uint8_t)rcode);
}

void dns_reply_begin_edns(struct answer *a)
{
	if (!a->query->opt_rr)
		return;
	if (knot_edns_init(&a->opt, UDP_MOST, 0, 0, NULL) == KNOT_EOK)
		(void)knot_pkt_reserve(a->reply, (uint16_t)knot_edns_wire_size(&a->opt));
}

void dns_reply_end_edns(struct answer *a)
{
	if (!a->query->opt_rr)
		return;
	if (knot_edns_get_version(a->query->opt_rr) > KNOT_EDNS_VERSION) {
		dns_reply_set_rcode(a, KNOT_EDNS_RCODE_LO(KNOT_RCODE_BADVERS));
		knot_edns_set_ext_rcode(&a->opt, KNOT_EDNS_RCODE_HI(KNOT_RCODE_BADVERS));
	}
	(void)knot_pkt_reclaim(a->reply, (uint16_t)knot_edns_wire_size(&a->opt));
	if (a->reply->current != KNOT_ADDITIONAL)
		(void)knot_pkt_begin(a->reply, KNOT_ADDITIONAL);
	(void)knot_pkt_put(a->reply, KNOT_COMPR_HINT_NONE, &a->opt, KNOT_PF_NOTRUNC);
	knot_rrset_clear(&a->opt, NULL);
}

static size_t udp_size(const knot_pkt_t *query)
{
	if (!query->opt_rr)
		return UDP_PLAIN;
	return MIN(MAX(knot_edns_get_payload(query->opt_rr), (uint16_t)UDP_PLAIN),
		   (uint16_t)UDP_MOST);
}

bool dns_reply_begin(struct answer *a, uint8_t *out)
{
	size_t size = a->ask->tcp ? DNS_PACKET_MAX : udp_size(a->query);

	a->reply = knot_pkt_new(out, (uint16_t)size, NULL);
	if (!a->reply || knot_pkt_init_response(a->reply, a->query) != KNOT_EOK)
		return false;
	knot_wire_set_ra(a->reply->wire);
	(void)knot_pkt_begin(a->reply, KNOT_ANSWER);
	return true;
}
