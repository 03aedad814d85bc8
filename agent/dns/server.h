/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - the parts of the name server as they know each other. Inside it only.
 */
#ifndef AGENT_DNS_SERVER_H
#define AGENT_DNS_SERVER_H

#include "answer.h"
#include "dns.h"
#include "forward.h"

#define DNS_MAGIC 0x444e5331u

struct dns {
	uint32_t magic;
	struct loop *loop;
	struct keys_user *user;
	struct dns_zone *zone;
	struct forward *forward;
	struct dns_address own;
	char *local;
	uint32_t ttl_s, stale_ttl_s, negative_ttl_s;
	int udp_fd;
	struct dns_tcp *tcp;
	struct dns_stats stats;
	uint8_t out[DNS_PACKET_MAX]; /* the answer being made */
};

/* Where an answer goes: a UDP address, or a TCP connection that may be gone by then. */
struct dns_client {
	struct dns_address address;
	struct dns_conn *conn; /* NULL: UDP */
};

/* Answers now or later. */
void dns_handle(struct dns *d, const struct dns_client *from, const uint8_t *query,
		size_t len);

int dns_tcp_open(struct dns *d, struct dns_tcp **ret, struct err *err) MUST_CHECK;
void dns_tcp_close(struct dns_tcp *t);
/* For an answer that comes later: the connection stays in memory until it was given. */
void dns_conn_hold(struct dns_conn *c);
/* answer NULL: only let go of. held: dns_conn_hold() was called for it. */
void dns_conn_reply(struct dns_conn *c, const uint8_t *answer, size_t len, bool held);

#endif
