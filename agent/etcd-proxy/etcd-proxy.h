/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd-proxy.h - etcd's port on this host: programs connect to 127.0.0.1:2379 without
 * TLS, the members behind it get TLS with the certificate of the host's programs.
 *
 * Calls of etcd pass, in HTTP/1.1 (JSON) or HTTP/2 (gRPC, where the member speaks it),
 * and nothing else: each request of a connection is judged (request.h, grpc.h). Watches
 * last as long as they need. A member is chosen at a connection's first request: the one
 * that worked last, else the next; one that does not accept connections is skipped for 5
 * s. What was sent to one member is never sent to another, so nothing is done twice. If
 * no member is reachable, an HTTP/1 client gets 502. The list of members never becomes
 * empty and never contains the proxy itself.
 *
 * One user of the host cannot take all connections: where there are many, those for which
 * no answer is due end first, and some places are for users that have few.
 */
#ifndef AGENT_ETCD_PROXY_ETCD_PROXY_H
#define AGENT_ETCD_PROXY_ETCD_PROXY_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stddef.h>
#include <stdint.h>

struct etcd_proxy;

struct etcd_proxy_opts {
	const char *listen;    /* NULL: 127.0.0.1:2379; port 0: any free one */
	const char *endpoints; /* "https://10.0.0.1:2379,http://m2:2379" */
	/* PEM; read again when they change. cert and key may be NULL. */
	const char *ca_file, *cert_file, *key_file;
	int64_t connect_ms; /* 0: 1000; for one member to accept a connection */
};

/* ERR_UNAVAIL when the address is taken, ERR_INVAL for endpoints that are not valid. */
int etcd_proxy_open(struct loop *l, const struct etcd_proxy_opts *opts,
		    struct etcd_proxy **ret, struct err *err) MUST_CHECK;
void etcd_proxy_close(struct etcd_proxy *p); /* connections end */
DEFINE_CLEANUP(struct etcd_proxy *, etcd_proxy_close);

uint16_t etcd_proxy_port(const struct etcd_proxy *p);
/* "http://127.0.0.1:2379": where programs reach it. */
void etcd_proxy_own_url(const struct etcd_proxy *p, char *ret, size_t size);

/* For connections from now on. ERR_INVAL, and the old list stays, when none is usable. */
int etcd_proxy_set_members(struct etcd_proxy *p, const char *endpoints,
			   struct err *err) MUST_CHECK;

/*
 * Who programs are to an etcd with users: their requests from now on have this token in
 * place of what they say (it is copied). NULL: they pass with what they have.
 */
void etcd_proxy_set_token(struct etcd_proxy *p, const char *token);

struct etcd_proxy_stats {
	size_t members;
	size_t connections; /* now */
	uint64_t accepted;
	uint64_t refused; /* too many at once */
	uint64_t failed;  /* no member accepted them */
};
void etcd_proxy_get_stats(const struct etcd_proxy *p, struct etcd_proxy_stats *ret);

#endif
