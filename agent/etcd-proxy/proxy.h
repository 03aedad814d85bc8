/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy.h - the proxy, its members and its connections.
 *
 * peer.c says whose a connection is, request.c and grpc.c what of it passes; choose.c
 * picks the member that connect.c tries next, name.c finds its address, tls.c has a
 * session with it; pass.c passes bytes both ways, answers.c counts what came back; conn.c
 * is the client's side, from its first bytes to the end.
 */
#ifndef AGENT_ETCD_PROXY_PROXY_H
#define AGENT_ETCD_PROXY_PROXY_H

#include "answers.h"
#include "buf.h"
#include "dns.h"
#include "etcd-proxy.h"
#include "grpc.h"
#include "log_streak.h"
#include "request.h"

#include <gnutls/gnutls.h>
#include <time.h>

#define PROXY_CONN_MAGIC 0x45505843u
#define PROXY_MEMBERS_MAX 16
#define PROXY_CONNS_MAX 256
#define PROXY_CONNS_OF_USER 96
/* The last places are for users that have few connections. */
#define PROXY_CONNS_KEPT 32
#define PROXY_CONNS_FEW 8
#define PROXY_BUFFER ((size_t)64 << 10) /* one direction of one connection */
#define PROXY_OUT_MS 5000
/* A client that sends no more, and a member from which nothing comes for it. */
#define PROXY_HALF_MS 30000
#define PROXY_IDLE_MS 60000 /* no answer is due, and no request comes */

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
	char *token; /* NULL: none */
	struct proxy_conn *conns;
	struct etcd_proxy_stats stats;
	struct log_streak no_member;
};

enum proxy_state {
	PROXY_FIRST, /* its first request comes */
	PROXY_RESOLVE,
	PROXY_CONNECT,
	PROXY_SHAKE,
	PROXY_OPEN,
	PROXY_LINGER, /* it was refused, and still sends */
};

struct proxy_conn {
	uint32_t magic;
	struct proxy_conn *next, **prev;
	struct etcd_proxy *proxy;
	enum proxy_state state;
	struct loop_timer *timer;
	int client_fd, member_fd;
	uid_t uid;                /* of the client */
	gnutls_session_t session; /* NULL: plain */
	struct proxy_creds *creds;
	unsigned generation; /* of the list that member is an index of */
	size_t member, tried;
	bool resolving; /* the resolver will call */
	bool dead;      /* waits for that call only */
	bool client_end, member_end;
	int64_t half_until_ms; /* of a client that sends no more; 0: not yet known */
	int64_t body_until_ms; /* more of a request has to come by then; 0: it is all
				  there */
	bool half_sent;        /* GnuTLS holds a record that was not sent yet */
	struct buf in, up;     /* from the client; what of it goes to the member */
	struct buf down;       /* to the client */
	struct grpc *grpc;     /* NULL: the client speaks HTTP/1.1 */
	struct request request;
	struct answers answers;
	unsigned asked; /* requests of HTTP/1.1 that passed */
	struct refusal refusal;
	bool said_no;
	int64_t idle_since_ms; /* 0: an answer is due */
};

#endif
