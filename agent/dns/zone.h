/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone.h - SkyDNS records of the store, indexed by name. Pure.
 *
 * A key /skydns/local/foretide/shop/web/web-1-80 is the name
 * web-1-80.web.shop.foretide.local; a record answers for its own name and for all names
 * above it. Inside, a name is a path: its labels in reverse, lower case, "/" between.
 * Labels that are no host names ("vm:web:80") are made ones: what is not a letter, digit,
 * "-" or "_" becomes "-".
 */
#ifndef AGENT_DNS_ZONE_H
#define AGENT_DNS_ZONE_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PATH_MAX 256 /* with the NUL; also of names in text form */
#define DNS_KEY_ROOT "/skydns/"

struct dns_record {
	char *key;
	char *path;
	int family; /* 4, 6: the host is an address; 0: a name or nothing */
	uint8_t addr[16];
	char *host; /* a name, lower case, without the last dot; or NULL */
	char *text; /* for TXT; or NULL */
	uint16_t port;
	uint16_t priority; /* 10 when not given */
	uint16_t weight;   /* 0: not given */
	uint8_t target_strip;
	uint32_t ttl_s; /* 0: not given */
};

struct dns_zone;

/* domains: "foretide.local,other.example"; answers are ours below these. */
int dns_zone_new(const char *domains, struct dns_zone **ret, struct err *err) MUST_CHECK;
void dns_zone_free(struct dns_zone *z);
DEFINE_CLEANUP(struct dns_zone *, dns_zone_free);

/* ERR_INVAL for a bad record: then the key has none, others are as before. */
int dns_zone_put(struct dns_zone *z, const char *key, const char *value, size_t len,
		 struct err *err) MUST_CHECK;
void dns_zone_delete(struct dns_zone *z, const char *key);
size_t dns_zone_count(const struct dns_zone *z);

/* The path of the domain that a path is in, or NULL. */
const char *dns_zone_domain(const struct dns_zone *z, const char *path);
/* Something is at the path or below it. */
bool dns_zone_has(const struct dns_zone *z, const char *path);
/* The record at exactly this path, or NULL. */
const struct dns_record *dns_zone_exact(const struct dns_zone *z, const char *path);
/*
 * Up to max records at the path and below; labels "*" and "any" stand for any one label.
 * Returns how many.
 */
size_t dns_zone_find(const struct dns_zone *z, const char *path,
		     const struct dns_record **ret, size_t max);

/* Text form to path and back. false when it is no name or too long. */
bool dns_path_from_name(const char *name, char path[DNS_PATH_MAX]);
/* strip: how many leftmost labels to leave out; ignored when that would leave none. */
void dns_name_from_path(const char *path, size_t strip, char name[DNS_PATH_MAX]);
/* An uncompressed name in wire form; false when a label cannot stand in a key. */
bool dns_path_from_wire(const uint8_t *wire, char path[DNS_PATH_MAX]);

#endif
