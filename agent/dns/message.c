/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message.h"

#include "cleanup.h"

#include <libknot/libknot.h>
#include <string.h>

DEFINE_CLEANUP(knot_pkt_t *, knot_pkt_free);

bool dns_answer_error(const uint8_t *query, size_t len, int rcode, uint8_t *out,
		      size_t *ret_len)
{
	size_t keep = KNOT_WIRE_HEADER_SIZE;

	if (len < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(query))
		return false;
	if (knot_wire_get_qdcount(query) == 1) {
		int n = knot_dname_wire_check(query + keep, query + len, NULL);

		if (n > 0 && keep + (size_t)n + 4 <= len)
			keep += (size_t)n + 4;
	}
	memcpy(out, query, keep);
	knot_wire_set_flags1(out, knot_wire_get_flags1(query));
	knot_wire_set_qr(out);
	knot_wire_clear_aa(out);
	knot_wire_clear_tc(out);
	knot_wire_set_flags2(out, 0);
	knot_wire_set_ra(out);
	knot_wire_set_rcode(out, (uint8_t)rcode);
	knot_wire_set_qdcount(out, keep > KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_ancount(out, 0);
	knot_wire_set_nscount(out, 0);
	knot_wire_set_arcount(out, 0);
	*ret_len = keep;
	return true;
}

size_t dns_make_query(uint16_t id, const char *name, uint16_t type, uint8_t *out,
		      size_t size)
{
	uint8_t storage[KNOT_DNAME_MAXLEN];
	CLEANUP(knot_pkt_free) knot_pkt_t *p = knot_pkt_new(out, (uint16_t)size, NULL);
	const knot_dname_t *d = knot_dname_from_str(storage, name, sizeof(storage));

	if (!p || !d)
		return 0;
	/* libknot takes the buffer as it is. */
	memset(out, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(p->wire, id);
	knot_wire_set_rd(p->wire);
	return knot_pkt_put_question(p, d, KNOT_CLASS_IN, type) == KNOT_EOK ? p->size : 0;
}
