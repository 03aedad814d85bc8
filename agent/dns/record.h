/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.h - one SkyDNS record, read from a key and value of the store. Pure.
 */
#ifndef AGENT_DNS_RECORD_H
#define AGENT_DNS_RECORD_H

#include "cleanup.h"
#include "err.h"

#include <stdint.h>

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

/* ERR_INVAL for one that is invalid. The caller owns *ret. */
int dns_record_parse(const char *key, const char *value, size_t len,
		     struct dns_record **ret, struct err *err) MUST_CHECK;
void dns_record_free(struct dns_record *r);
DEFINE_CLEANUP(struct dns_record *, dns_record_free);

#endif
