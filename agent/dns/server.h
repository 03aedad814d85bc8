/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - a name server: what it answers from, and how it serves one query.
 */
#ifndef AGENT_DNS_SERVER_H
#define AGENT_DNS_SERVER_H

#include "answer.h"
#include "dns.h"
#include "forward.h"
#include "log_streak.h"
#include "tcp.h"

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
	struct log_streak bad;       /* records */
	int64_t bad_mono_ms;         /* the last one */
	struct loop_timer *again;    /* looks at those that were refused */
	uint8_t out[DNS_PACKET_MAX]; /* the answer being made */
};

/* Where an answer goes: a UDP address, or a TCP connection that may be gone by then. */
struct dns_client {
	struct dns_address address;
	struct dns_conn *conn; /* NULL: UDP */
};

/* Answers now, or when a nameserver has. */
void dns_serve(struct dns *d, const struct dns_client *from, const uint8_t *query,
	       size_t len);

#endif
