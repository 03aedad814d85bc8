/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - the state of an open store: its endpoints, calls and watches.
 *
 * Inside the room only.
 */
#ifndef COMMON_STORE_SESSION_H
#define COMMON_STORE_SESSION_H

#include "client.h"
#include "net.h"

#define STORE_MAGIC 0x73746f72u
#define STORE_MAX_ENDPOINTS 16

struct store_endpoint {
	struct store *store;
	char *url;
	bool out;
	int64_t out_until_ms; /* then it is probed */
	struct store_exchange *probe;
};

struct store {
	uint32_t magic;
	struct loop *loop;
	struct httpm *m;
	const struct store_direct *direct; /* in place of HTTP, or NULL */
	int direct_fd;
	struct store_exchange *exchanges; /* direct ones */
	char *ca_file, *cert_file, *key_file, *token;
	struct store_auth *auth;     /* NULL: no user */
	struct store_signed *unsent; /* that wait for a token */
	int64_t timeout_ms;
	struct store_endpoint endpoints[STORE_MAX_ENDPOINTS];
	size_t n_endpoints, current;
	struct loop_timer *probe_timer;
	struct loop_timer *deferred; /* for calls that failed before they were sent */
	struct store_call *calls;
	struct store_watch *watches;
	bool failing;
	char problem[ERR_MSG_MAX];
};

/* In endpoint.c. The endpoint for the try-th try of something (from 0): its index. */
size_t store_endpoint_choose(struct store *s, size_t try);
void store_endpoint_failed(struct store *s, size_t i, const struct err *err);
void store_endpoint_worked(struct store *s, size_t i);
void store_endpoint_on_probe_timer(void *arg);
/* A request with the store's certificates and token. */
struct http_req store_request(const struct store *s);

/* In signed.c: a store_auth_fn. */
void store_signed_on_auth(struct store *s, size_t endpoint, const struct http_res *res,
			  const struct err *err);

/* In watch.c. */
void store_watch_free(struct store_watch *w);

#endif
