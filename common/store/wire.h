/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - what the store client's files share; for store*.c only.
 *
 *	client.c            open and close, the calls
 *	endpoint.c   which endpoint is used, probes
 *	call.c       one request, with its tries
 *	wire.c       answers into structs
 *	watch.c      watch streams
 */
#ifndef COMMON_STORE_WIRE_H
#define COMMON_STORE_WIRE_H

#include "buf.h"
#include "client.h"
#include "net.h"
#include "text.h"

#define STORE_MAGIC 0x73746f72u
#define STORE_CALL_MAGIC 0x73636c6cu
#define STORE_WATCH_MAGIC 0x73777463u

#define STORE_MAX_ENDPOINTS 16
#define STORE_TIMEOUT_MS 5000
#define STORE_CONNECT_MS 1000
#define STORE_OUT_MS 2000 /* an endpoint that failed is left alone so long */
#define STORE_REQUEST_BYTES (16u << 20)
#define STORE_ANSWER_BYTES (32u << 20)

struct store_endpoint {
	struct store *store;
	char *url;
	bool out;
	int64_t out_until_ms; /* then it is probed */
	struct httpm_call *probe;
};

struct store {
	uint32_t magic;
	struct loop *loop;
	struct httpm *m;
	char *ca_file, *cert_file, *key_file, *token;
	int64_t timeout_ms;
	struct store_endpoint endpoints[STORE_MAX_ENDPOINTS];
	size_t n_endpoints, current;
	struct loop_timer *probe_timer;
	struct loop_timer *kick; /* for calls that failed before they were sent */
	struct store_call *calls;
	struct store_watch *watches;
	bool failing;
	char problem[ERR_MSG_MAX];
};

/* ---------------------------------------------------------------- endpoints */

/* The endpoint for the try-th try of something (from 0): its index. */
size_t store_endpoint_choose(struct store *s, size_t try);
void store_endpoint_failed(struct store *s, size_t i, const struct err *err);
void store_endpoint_worked(struct store *s, size_t i);
void store_endpoint_on_probe_timer(void *arg);
/* A request with the store's certificates and token; url stays the caller's. */
struct http_req store_request(const struct store *s, const char *url);

/* ---------------------------------------------------------------- calls */

/* Tells the user; doc is NULL when err is set. */
typedef void store_answer_fn(struct store_call *c, const json_t *doc,
			     const struct err *err);

union store_user_fn {
	store_range_fn *range;
	store_range_full_fn *range_full;
	store_done_fn *done;
	store_txn_fn *txn;
	store_lease_fn *lease;
	store_lease_info_fn *lease_info;
};

struct store_call {
	uint32_t magic;
	struct store *s;
	struct store_call *next, **link;
	const char *path;
	struct buf body;
	bool repeatable; /* may be sent to a second endpoint though the first saw it */
	int64_t deadline_ms;
	size_t tries, endpoint;
	struct httpm_call *http;
	store_answer_fn *answer;
	union store_user_fn fn;
	void *arg;
	struct err failed; /* code 0: not failed */
};

/* A call whose body is begun with "{"; add members, then store_call_send(). */
struct store_call *store_call_new(struct store *s, const char *path, bool repeatable,
				  store_answer_fn *answer, void *arg);
struct store_call *store_call_send(struct store_call *c);
void store_call_free(struct store_call *c);
void store_call_on_kick(void *arg);

/* ---------------------------------------------------------------- wire */

/* The error in an answer that is none of success; never 0. */
int store_wire_error(long status, const char *body, size_t len, struct err *err);
/* The error of a document {"error":..}; 0 when it has none. */
int store_wire_doc_error(const json_t *doc, struct err *err);

struct store_kv_list {
	struct store_kv *kvs;
	size_t n;
};
void store_kv_list_done(struct store_kv_list *l);
DEFINE_CLEANUP_OBJECT(struct store_kv_list, store_kv_list_done);
int store_wire_kv(const json_t *o, struct store_kv *ret, struct err *err) MUST_CHECK;
/* o's member name, an array of kvs. */
int store_wire_kvs(const json_t *o, const char *name, struct store_kv_list *ret,
		   struct err *err) MUST_CHECK;
int store_wire_rev(const json_t *doc, int64_t *ret, struct err *err) MUST_CHECK;

/* "key" and "range_end"; end as in client.h. */
void store_wire_add_range(struct buf *b, const char *key, const char *end);

/* ---------------------------------------------------------------- watches */

void store_watch_free(struct store_watch *w);

#endif
