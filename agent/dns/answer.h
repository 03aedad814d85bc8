/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer.h - a DNS query in, an answer out. Pure but for libknot's packets.
 *
 * Follows SkyDNS 2: A, AAAA and SRV of a name are those of all records at it and below;
 * SRV weights are shares of 100 among a priority; TXT, PTR; SOA and NS of a domain; ANY
 * is refused; NXDOMAIN and no-data answers carry the SOA. Where it differs: a name with
 * address records never answers with a CNAME beside them (one of several names is taken
 * when there is no address), and TTLs are short by default.
 */
#ifndef AGENT_DNS_ANSWER_H
#define AGENT_DNS_ANSWER_H

#include "message.h"
#include "zone.h"

/* What is true when the query came in. */
struct dns_ask {
	bool tcp;
	bool ready;       /* the store's records were read at least once */
	bool stale;       /* the store is unreachable: answers have a small TTL */
	bool can_forward; /* there are nameservers to ask */
	uint64_t random;  /* for round robin; not 0 */
	int64_t now_s;    /* Unix time, for the SOA's serial */
	uint32_t ttl_s;   /* of records that give none */
	uint32_t stale_ttl_s;
	uint32_t negative_ttl_s;
	const char *local; /* name that local.dns.DOMAIN stands for; may be NULL */
	/* A nameserver's answer for the name that DNS_CHASE returned; else NULL. */
	const uint8_t *chased;
	size_t chased_len;
};

enum dns_verdict {
	DNS_ANSWERED, /* out holds the answer */
	DNS_FORWARD,  /* forward the query to a nameserver unchanged */
	DNS_CHASE,    /* query a nameserver for chase, then call again with its answer */
	DNS_DROP,     /* not to be answered at all */
};

/*
 * query [len]. *ret_len: in the capacity of out, at least DNS_PACKET_MAX; out the length
 * of the answer, which over UDP fits what the client accepts (TC set if truncated).
 */
enum dns_verdict dns_answer(const struct dns_zone *z, const struct dns_ask *ask,
			    const uint8_t *query, size_t len, uint8_t *out,
			    size_t *ret_len, char chase[DNS_PATH_MAX]);

#endif
