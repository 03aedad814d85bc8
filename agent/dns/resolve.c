/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resolve.h"

#include "check.h"

#include <string.h>

#define VISITS_MAX 32 /* names looked at for one question */

static uint64_t next_random(struct resolution *a)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

void dns_shuffle(struct resolution *a, const struct dns_record **r, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = next_random(a) % i;
		const struct dns_record *swapped = r[i - 1];

		r[i - 1] = r[k];
		r[k] = swapped;
	}
}

uint32_t dns_record_ttl(const struct dns_ask *ask, const struct dns_record *r)
{
	uint32_t ttl = r->ttl_s ? r->ttl_s : ask->ttl_s;

	return ask->stale ? MIN(ttl, ask->stale_ttl_s) : ttl;
}

uint32_t dns_resolution_ttl(const struct resolution *a)
{
	uint32_t ttl = UINT32_MAX;

	for (size_t i = 0; i < a->n_found; i++)
		ttl = MIN(ttl, dns_record_ttl(a->ask, a->found[i]));
	for (size_t i = 0; i < a->n_chain; i++)
		ttl = MIN(ttl, a->chain[i].ttl_s);
	return ttl;
}

/* ---------------------------------------------------------------- resolving */

static int by_address(const void *x, const void *y)
{
	const struct dns_record *const *a = x, *const *b = y;

	return memcmp((*a)->addr, (*b)->addr, sizeof((*a)->addr));
}

/* Each address once. */
static size_t drop_equal(const struct dns_record **r, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(r, n, sizeof(*r), by_address);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_address(&r[kept - 1], &r[i]) != 0)
			r[kept++] = r[i];
	return kept;
}

/* One of the names leads on: to addresses, or to outside. */
static bool follow(struct resolution *a, const char *owner, const struct dns_record *r,
		   int family)
{
	struct link *l = &a->chain[a->n_chain];
	char path[DNS_PATH_MAX];

	if (a->n_chain == CHAIN_MAX || !dns_path_from_name(r->host, path))
		return false;
	snprintf(l->owner, sizeof(l->owner), "%s", owner);
	snprintf(l->target, sizeof(l->target), "%s", r->host);
	l->ttl_s = dns_record_ttl(a->ask, r);
	a->n_chain++;
	if (!dns_zone_domain(a->zone, path)) {
		a->outside = true;
		return true;
	}
	if (dns_resolve(a, path, r->host, family))
		return true;
	a->n_chain--;
	return false;
}

bool dns_resolve(struct resolution *a, const char *path, const char *name, int family)
{
	const struct dns_record *all[RECORDS_MAX];
	size_t n, n_names = 0, start;
	bool any = false;

	if (++a->visits > VISITS_MAX)
		return false;
	n = dns_zone_find(a->zone, path, all, RECORDS_MAX, a->ask->random);
	a->n_found = 0;
	for (size_t i = 0; i < n; i++) {
		any |= all[i]->family != 0;
		if (all[i]->family == family)
			a->found[a->n_found++] = all[i];
		else if (all[i]->host)
			all[n_names++] = all[i];
	}
	if (any) {
		a->n_found = drop_equal(a->found, a->n_found);
		dns_shuffle(a, a->found, a->n_found);
		return a->n_found > 0;
	}
	start = n_names ? next_random(a) % n_names : 0;
	/* The array is on the stack of each link: 8 KiB times CHAIN_MAX. */
	for (size_t i = 0; i < n_names; i++)
		if (follow(a, name, all[(start + i) % n_names], family))
			return true;
	return false;
}

void dns_resolution_clear(struct resolution *a)
{
	a->n_chain = a->n_found = 0;
	a->outside = false;
	a->visits = 0;
}

void dns_each_address(const struct dns_zone *z, const char *path, int family,
		      dns_addr_fn *fn, void *arg)
{
	CLEANUP(free) struct resolution *a = xcalloc(1, sizeof(*a));
	const struct dns_ask ask = { .ttl_s = 1 };

	a->zone = z;
	a->ask = &ask;
	a->random = 1;
	for (int f = 4; f <= 6; f += 2) {
		dns_resolution_clear(a);
		if ((family && family != f) || !dns_resolve(a, path, "", f))
			continue;
		for (size_t i = 0; i < a->n_found; i++)
			fn(arg, a->found[i]);
	}
}
