/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "srv.h"

#include "check.h"

#include <string.h>

uint16_t dns_srv_weight(const struct dns_record *const *records, size_t n,
			const struct dns_record *r)
{
	const unsigned weight = r->weight ? r->weight : 100u;
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i]->priority == r->priority)
			sum += records[i]->weight ? records[i]->weight : 100;
	/* In integers: shares such as 100 / 3 * 3 come out exact. 0 would mean that it is
	 * hardly ever to be chosen (RFC 2782), also when all are 0. */
	return (uint16_t)MAX(sum ? 100u * weight / sum : 0, 1u);
}

static void srv_target(const struct dns_record *r, char name[DNS_PATH_MAX])
{
	if (r->host)
		snprintf(name, DNS_PATH_MAX, "%s", r->host);
	else
		dns_name_from_path(r->path, r->target_strip, name);
}

static int by_target(const void *x, const void *y)
{
	const struct dns_record *const *a = x, *const *b = y;
	int d = (*a)->port - (*b)->port;

	if (!d)
		d = (*a)->priority - (*b)->priority;
	if (!d)
		d = (*a)->weight - (*b)->weight;
	if (!d)
		d = strcmp((*a)->host ? (*a)->host : "", (*b)->host ? (*b)->host : "");
	return d ? d : memcmp((*a)->addr, (*b)->addr, sizeof((*a)->addr));
}

static size_t srv_records(const struct answer *a, const struct dns_record **ret)
{
	size_t n = dns_zone_find(a->zone, a->path, ret, RECORDS_MAX, a->ask->random);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (ret[i]->family || ret[i]->host)
			ret[kept++] = ret[i];
	n = kept;
	if (n)
		qsort(ret, n, sizeof(*ret), by_target);
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_target(&ret[kept - 1], &ret[i]) != 0)
			ret[kept++] = ret[i];
	return kept;
}

/* Addresses of a target that is a name of ours. */
static bool put_target(struct answer *a, const char *name, uint32_t ttl)
{
	static const int families[] = { 4, 6 };
	char path[DNS_PATH_MAX];

	if (!dns_path_from_name(name, path) || !dns_zone_domain(a->zone, path))
		return true;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		dns_resolution_clear(&a->names);
		if (!dns_resolve(&a->names, path, name, families[f]) || a->names.n_chain)
			continue;
		for (size_t i = 0; i < a->names.n_found; i++)
			if (!dns_reply_put_address(a, KNOT_ADDITIONAL, name,
						   a->names.found[i], ttl))
				return false;
	}
	return true;
}

void dns_answer_srv(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n = srv_records(a, all);
	char name[DNS_PATH_MAX];
	uint32_t ttl = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		ttl = MIN(ttl, dns_record_ttl(a->ask, all[i]));
	dns_shuffle(&a->names, all, n);
	for (size_t i = 0; i < n; i++) {
		uint8_t data[6 + KNOT_DNAME_MAXLEN];
		size_t len;

		srv_target(all[i], name);
		knot_wire_write_u16(data, all[i]->priority);
		knot_wire_write_u16(data + 2, dns_srv_weight(all, n, all[i]));
		knot_wire_write_u16(data + 4, all[i]->port);
		len = dns_name_to_wire(name, data + 6);
		if (len && !dns_reply_put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_SRV, ttl,
					  data, (uint16_t)(6 + len)))
			return;
	}
	for (size_t i = 0; i < n; i++) {
		srv_target(all[i], name);
		if (all[i]->family ? !dns_reply_put_address(a, KNOT_ADDITIONAL, name,
							    all[i], ttl)
				   : !put_target(a, name, ttl))
			return;
	}
}
