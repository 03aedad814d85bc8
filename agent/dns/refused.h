/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refused.h - keys of the zone that have no record, and whether for want of room. Pure.
 */
#ifndef AGENT_DNS_REFUSED_H
#define AGENT_DNS_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

struct dns_refused_key {
	char *key;
	bool for_room;
};

/* All zero is none. */
struct dns_refused {
	struct dns_refused_key *v; /* [n], by key */
	size_t n, cap;
};

void dns_refused_done(struct dns_refused *r);
void dns_refused_add(struct dns_refused *r, const char *key, bool for_room);
void dns_refused_remove(struct dns_refused *r, const char *key);
/* The first one after a key; r->n: none. */
size_t dns_refused_after(const struct dns_refused *r, const char *key);

#endif
