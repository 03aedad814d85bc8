/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dns.h - the host's name server: the store's records from memory, the rest forwarded.
 *
 * UDP and TCP on one address, on the loop. Names under the domain are answered from the
 * copy of /skydns/ (see answer.h); while the store is unreachable the last copy is
 * used, with a small TTL. Before the first copy they are SERVFAIL: never a false "no
 * such name". Other names go to nameservers, one after the other, each with a time limit;
 * with none, or none that answers, SERVFAIL. An invalid record is skipped and logged.
 */
#ifndef AGENT_DNS_DNS_H
#define AGENT_DNS_DNS_H

#include "cleanup.h"
#include "err.h"
#include "forward.h"
#include "host.h"
#include "net.h"
#include "template.h"

#include <stdint.h>

struct dns;

struct dns_opts {
	const char *listen;  /* NULL: 127.0.0.1:53; port 0: any free one */
	const char *domains; /* NULL: foretide.local; several separated by commas */
	/* Nameservers "10.0.0.2,[fd00::2]:5353"; NULL: those of resolv_conf; "": none. */
	const char *forward;
	const char *resolv_conf; /* NULL: /etc/resolv.conf; our own address is skipped */
	const char *local;       /* what local.dns.DOMAIN stands for: this host's name */
	int64_t timeout_ms;      /* 0: 2000; for one nameserver to answer */
	uint32_t ttl_s;          /* 0: 10; of records that give none */
	uint32_t stale_ttl_s;    /* 0: 5 */
	uint32_t negative_ttl_s; /* 0: 2 */
};

/* ERR_UNAVAIL when the address is taken or not ours, ERR_INVAL for bad options. */
int dns_open(struct loop *l, struct keys *k, const struct dns_opts *opts,
	     struct dns **ret, struct err *err) MUST_CHECK;
void dns_close(struct dns *d);
DEFINE_CLEANUP(struct dns *, dns_close);

uint16_t dns_port(const struct dns *d);

struct dns_stats {
	size_t records;
	size_t bad_records; /* received since the start */
	uint64_t queries;
	uint64_t forwarded;
	uint64_t failed; /* forwarded, without an answer */
};
void dns_get_stats(const struct dns *d, struct dns_stats *ret);

/* For confd_opts: arg is the struct dns. Names under the domain only. */
int dns_lookup_ip(void *arg, const char *name, int family, template_ip_fn *fn,
		  void *fn_arg, struct err *err) MUST_CHECK;
int dns_lookup_srv(void *arg, const char *name, template_srv_fn *fn, void *fn_arg,
		   struct err *err) MUST_CHECK;

#endif
