/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "addresses.h"

#include "check.h"

/* A nameserver's answer for the end of the chain. */
static void put_chased(struct answer *a)
{
	CLEANUP(knot_pkt_free)
	knot_pkt_t *p = knot_pkt_new((uint8_t *)(uintptr_t)a->ask->chased,
				     (uint16_t)a->ask->chased_len, NULL);
	const knot_pktsection_t *s;

	if (!p || knot_pkt_parse(p, KNOT_PF_KEEPWIRE) != KNOT_EOK)
		return;
	s = knot_pkt_section(p, KNOT_ANSWER);
	for (uint16_t i = 0; i < s->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(s, i);

		if (rr->type == KNOT_RRTYPE_CNAME || rr->type == knot_pkt_qtype(a->query))
			(void)knot_pkt_put(a->reply, KNOT_COMPR_HINT_NONE, rr, 0);
	}
}

static void put_chain(struct answer *a, uint32_t ttl)
{
	for (size_t i = 0; i < a->names.n_chain; i++) {
		uint8_t data[KNOT_DNAME_MAXLEN];
		size_t n = dns_name_to_wire(a->names.chain[i].target, data);

		(void)dns_reply_put(a, KNOT_ANSWER, i ? a->names.chain[i].owner : NULL,
				    KNOT_RRTYPE_CNAME, ttl, data, (uint16_t)n);
	}
}

enum dns_verdict dns_answer_address(struct answer *a, int family,
				    char chase[DNS_PATH_MAX])
{
	const char *owner = NULL;
	uint32_t ttl;

	if (!dns_resolve(&a->names, a->path, "", family))
		return DNS_ANSWERED;
	ttl = dns_resolution_ttl(&a->names);
	if (a->names.outside && !a->ask->chased && a->ask->can_forward) {
		snprintf(chase, DNS_PATH_MAX, "%s",
			 a->names.chain[a->names.n_chain - 1].target);
		return DNS_CHASE;
	}
	put_chain(a, ttl);
	if (a->names.n_chain)
		owner = a->names.chain[a->names.n_chain - 1].target;
	if (a->names.outside && a->ask->chased)
		put_chased(a);
	for (size_t i = 0; i < a->names.n_found; i++)
		if (!dns_reply_put_address(a, KNOT_ANSWER, owner, a->names.found[i], ttl))
			break;
	return DNS_ANSWERED;
}
