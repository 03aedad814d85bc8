/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resolve.h - from a name to its addresses, over names of ours that stand for others.
 *
 * Pure.
 */
#ifndef AGENT_DNS_RESOLVE_H
#define AGENT_DNS_RESOLVE_H

#include "answer.h"

#define RECORDS_MAX 1024 /* of one name; more do not fit a packet anyway */
#define CHAIN_MAX 8

struct link {
	char owner[DNS_PATH_MAX]; /* text form; the first is the question's name */
	char target[DNS_PATH_MAX];
	uint32_t ttl_s;
};

struct resolution {
	const struct dns_zone *zone;
	const struct dns_ask *ask;
	uint64_t random; /* not 0 */
	int visits;
	/* what a name was resolved to */
	struct link chain[CHAIN_MAX];
	size_t n_chain;
	const struct dns_record *found[RECORDS_MAX];
	size_t n_found;
	bool outside; /* the chain's last target is not ours */
};

/* Fills found with the addresses of a path, or chain towards them. */
bool dns_resolve(struct resolution *a, const char *path, const char *name, int family);
/* Before another name is resolved. */
void dns_resolution_clear(struct resolution *a);

uint32_t dns_record_ttl(const struct dns_ask *ask, const struct dns_record *r);
/* Of several answers all get the smallest. */
uint32_t dns_resolution_ttl(const struct resolution *a);
void dns_shuffle(struct resolution *a, const struct dns_record **r, size_t n);

/* Addresses of a name by the same rules, for templates; family 4, 6 or 0. */
typedef void dns_addr_fn(void *arg, const struct dns_record *r);
void dns_each_address(const struct dns_zone *z, const char *path, int family,
		      dns_addr_fn *fn, void *arg);

#endif
