/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone.h - SkyDNS records of the store, indexed by name. Pure.
 *
 * A key /skydns/local/foretide/shop/web/web-1-80 is the name
 * web-1-80.web.shop.foretide.local; a record answers for its own name and for all names
 * above it. Inside, a name is a path (path.h).
 */
#ifndef AGENT_DNS_ZONE_H
#define AGENT_DNS_ZONE_H

#include "cleanup.h"
#include "err.h"
#include "path.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_zone;

/* domains: "foretide.local,other.example"; answers are ours below these. */
int dns_zone_new(const char *domains, struct dns_zone **ret, struct err *err) MUST_CHECK;
void dns_zone_free(struct dns_zone *z);
DEFINE_CLEANUP(struct dns_zone *, dns_zone_free);

/* ERR_INVAL for a bad record, ERR_LIMIT for a large one, or one too many, in all or below
 * one name: the key then has none, others are unchanged. */
int dns_zone_put(struct dns_zone *z, const char *key, const char *value, size_t len,
		 struct err *err) MUST_CHECK;
void dns_zone_delete(struct dns_zone *z, const char *key);
size_t dns_zone_count(const struct dns_zone *z);
/* How many keys were put that have no record. */
size_t dns_zone_refused(const struct dns_zone *z);
/*
 * The first key after another ("": of all) that has none as there was no room, which
 * there is now: it is to be put again. NULL: there is none. Looks at all that were
 * refused.
 */
const char *dns_zone_waiting(const struct dns_zone *z, const char *after);

/* The path of the domain that a path is in, or NULL. */
const char *dns_zone_domain(const struct dns_zone *z, const char *path);
/* Something is at the path or below it. */
bool dns_zone_has(const struct dns_zone *z, const char *path);
/* The record at exactly this path, or NULL. */
const struct dns_record *dns_zone_exact(const struct dns_zone *z, const char *path);
/*
 * Up to max records at the path and below; labels "*" and "any" stand for any one label,
 * and then at most 16,384 records are looked at. Of more than max those are taken that
 * follow a place that random chooses, so that each has its turn; 0: the first ones.
 * Returns how many.
 */
size_t dns_zone_find(const struct dns_zone *z, const char *path,
		     const struct dns_record **ret, size_t max, uint64_t random);

#endif
