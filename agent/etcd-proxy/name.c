/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "name.h"

#include <arpa/inet.h>
#include <libknot/libknot.h>

#define QUERY_MAX 512

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

int proxy_name_ask(struct forward *resolver, const char *host, forward_fn *fn, void *arg,
		   struct err *err)
{
	uint8_t storage[KNOT_DNAME_MAXLEN], query[QUERY_MAX] = { 0 };
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(query, sizeof(query), NULL);
	const knot_dname_t *name = knot_dname_from_str(storage, host, sizeof(storage));

	if (!p || !name ||
	    knot_pkt_put_question(p, name, KNOT_CLASS_IN, KNOT_RRTYPE_A) != KNOT_EOK)
		return err_set(err, ERR_INVAL, "its name is not a valid host name");
	knot_wire_set_rd(query);
	if (!forward_ask(resolver, query, p->size, false, fn, arg))
		return err_set(err, ERR_UNAVAIL,
			       "there is no name server to ask for its address");
	return 0;
}

bool proxy_name_address(uint8_t *answer, size_t len, uint16_t port,
			struct dns_address *ret)
{
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(answer, (uint16_t)len, NULL);
	const knot_pktsection_t *s;

	if (!p || knot_pkt_parse(p, 0) != KNOT_EOK)
		return false;
	s = knot_pkt_section(p, KNOT_ANSWER);
	for (uint16_t i = 0; i < s->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(s, i);
		char text[INET_ADDRSTRLEN];

		if (rr->type == KNOT_RRTYPE_A && rr->rrs.count && rr->rrs.rdata->len == 4)
			return inet_ntop(AF_INET, rr->rrs.rdata->data, text,
					 sizeof(text)) &&
			       dns_address_parse(text, port, ret);
	}
	return false;
}
