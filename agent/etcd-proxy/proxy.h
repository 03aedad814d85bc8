/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy.h - the proxy, its members and its connections.
 *
 * choose.c picks the member that is tried next, name.c finds its address, tls.c has a
 * session with it, pass.c passes bytes both ways, conn.c takes a connection from one to
 * the other.
 */
#ifndef AGENT_ETCD_PROXY_PROXY_H
#define AGENT_ETCD_PROXY_PROXY_H

#include "buf.h"
#include "dns.h"
#include "etcd-proxy.h"

#include <gnutls/gnutls.h>
#include <time.h>

#define PROXY_MEMBERS_MAX 16
#define PROXY_CONNS_MAX 128
#define PROXY_BUFFER ((size_t)64 << 10) /* one direction of one connection */
#define PROXY_OUT_MS 5000
/* A client that sends no more, and a member from which nothing comes for it. */
#define PROXY_HALF_MS 30000

struct proxy_member {
	char *host;
	uint16_t port;
	bool tls;
	bool named; /* the host is not an address */
	bool known; /* address is set; names are looked up when needed */
	struct dns_address address;
	int64_t out_until_ms;
};

/* What was read from the files; shared by the sessions that began with it. */
struct proxy_creds {
	unsigned users;
	gnutls_certificate_credentials_t c;
};

struct proxy_tls {
	char *ca_file, *cert_file, *key_file;
	struct proxy_creds *creds; /* the latest; NULL: not read yet */
	struct timespec read_at[3];
};

struct etcd_proxy {
	uint32_t magic;
	struct loop *loop;
	struct dns_address own;
	struct acceptor *acceptor;
	int64_t connect_ms;
	struct proxy_member members[PROXY_MEMBERS_MAX];
	size_t n_members;
	size_t current;      /* worked last */
	unsigned generation; /* of the list */
	struct proxy_tls tls;
	struct forward *resolver;
	struct proxy_conn *conns;
	struct etcd_proxy_stats stats;
};

enum proxy_state { PROXY_FIRST, PROXY_RESOLVE, PROXY_CONNECT, PROXY_SHAKE, PROXY_OPEN };

struct proxy_conn {
	uint32_t magic;
	struct proxy_conn *next, **prev;
	struct etcd_proxy *proxy;
	enum proxy_state state;
	struct loop_timer *timer;
	int client_fd, member_fd;
	gnutls_session_t session; /* NULL: plain */
	struct proxy_creds *creds;
	unsigned generation; /* of the list that member is an index of */
	size_t member, tried;
	bool resolving; /* the resolver will call */
	bool dead;      /* waits for that call only */
	bool client_end, member_end;
	int64_t half_until_ms; /* the member knows that the client sends no more; 0: not
				*/
	bool half_sent;        /* GnuTLS holds a record that was not sent yet */
	struct buf up, down;   /* from the client; to it */
};

#endif
