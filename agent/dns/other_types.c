/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "other_types.h"

#include "check.h"

#include <string.h>

#define TEXT_PART 255
#define ROOM_MAX 4352 /* RDATA of a TXT: text and the lengths of its parts */

void dns_answer_txt(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n = dns_zone_find(a->zone, a->path, all, RECORDS_MAX, a->ask->random);

	for (size_t i = 0; i < n; i++) {
		uint8_t data[ROOM_MAX];
		size_t len = 0;

		for (const char *p = all[i]->text; p && *p;) {
			size_t part = MIN(strlen(p), (size_t)TEXT_PART);

			data[len++] = (uint8_t)part;
			memcpy(data + len, p, part);
			len += part;
			p += part;
		}
		if (len &&
		    !dns_reply_put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_TXT,
				   dns_record_ttl(a->ask, all[i]), data, (uint16_t)len))
			return;
	}
}

void dns_answer_name(struct answer *a, uint16_t type)
{
	const struct dns_record *r = dns_zone_exact(a->zone, a->path);
	uint8_t data[KNOT_DNAME_MAXLEN];
	size_t n = r && r->host ? dns_name_to_wire(r->host, data) : 0;

	if (n)
		(void)dns_reply_put(a, KNOT_ANSWER, NULL, type, dns_record_ttl(a->ask, r),
				    data, (uint16_t)n);
}

void dns_answer_ns(struct answer *a)
{
	const struct dns_record *all[RECORDS_MAX];
	char path[DNS_PATH_MAX + 8], name[DNS_PATH_MAX];
	size_t n;

	if (strcmp(a->path, a->domain) != 0)
		return;
	snprintf(path, sizeof(path), "%s/dns/ns", a->domain);
	n = dns_zone_find(a->zone, path, all, RECORDS_MAX, a->ask->random);
	for (size_t i = 0; i < n; i++) {
		uint8_t data[KNOT_DNAME_MAXLEN];
		size_t len;

		dns_name_from_path(all[i]->path, 0, name);
		len = dns_name_to_wire(name, data);
		if (all[i]->family && len &&
		    !dns_reply_put(a, KNOT_ANSWER, NULL, KNOT_RRTYPE_NS,
				   dns_record_ttl(a->ask, all[i]), data, (uint16_t)len))
			return;
	}
	for (size_t i = 0; i < n; i++) {
		dns_name_from_path(all[i]->path, 0, name);
		if (all[i]->family &&
		    !dns_reply_put_address(a, KNOT_ADDITIONAL, name, all[i],
					   dns_record_ttl(a->ask, all[i])))
			return;
	}
}
