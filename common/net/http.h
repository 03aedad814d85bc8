/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - one bounded HTTP exchange, blocking.
 *
 * Any thread may call it; nothing is shared between calls. The program calls
 * curl_global_init(). Redirects are not followed; only http and https are used. For many
 * exchanges on a loop see http_async.h, which uses the same structs.
 */
#ifndef COMMON_NET_HTTP_H
#define COMMON_NET_HTTP_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* True ends the exchange soon (within a second) with ERR_UNAVAIL. */
typedef bool http_stop_fn(void *arg);

/* Whether this address may be connected to. */
typedef bool http_may_connect_fn(void *arg, const struct sockaddr *address);

/* Zeroes mean the default. All that is pointed at must remain valid until the exchange
 * ends. */
struct http_req {
	const char *method; /* GET, or POST when there is a body */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	const void *body;
	size_t body_len;
	const char *ca_file;   /* trust only this; default: the system's */
	const char *cert_file; /* client certificate, PEM */
	const char *key_file;
	const char *token;          /* sent as "Authorization: Bearer TOKEN" */
	bool use_proxy;             /* use http_proxy and the like from the environment */
	const char *sigv4;          /* sign as CURLOPT_AWS_SIGV4 says, with userpwd */
	const char *userpwd;        /* "KEY:SECRET" */
	const char *unix_socket;    /* path; the host of the URL is then only a name */
	bool is_last;               /* on its connection, which is closed after it */
	int64_t connect_timeout_ms; /* 5000 */
	int64_t timeout_ms;         /* of the exchange, 30000; -1: none (streams) */
	size_t max_answer_bytes;    /* body, 1 MiB; more is ERR_LIMIT */
	http_stop_fn *stop;         /* http_exchange() only */
	void *stop_arg;
	/* Asked of each address that is connected to, after the look-up, so that a name
	 * cannot change in between; NULL: every one may. ERR_UNAVAIL if none may. */
	http_may_connect_fn *may_connect;
	void *may_connect_arg;
};

struct http_res {
	long status;        /* 200, 404, ... */
	struct buf headers; /* of the last answer, as received; at most 64 KiB */
	struct buf body;
};

void http_res_done(struct http_res *res);
DEFINE_CLEANUP_OBJECT(struct http_res, http_res_done);

/*
 * The value of a header, without blanks around it, in text of size bytes; the first if
 * there are several. False when there is none or it does not fit.
 */
bool http_res_header(const struct http_res *res, const char *name, char *text,
		     size_t size);

/*
 * Sends req and waits for the answer. Any status is success: check ret->status
 * (err_from_http_status() converts it). ret is filled only on success; the
 * caller frees it with http_res_done().
 *
 * ERR_UNAVAIL no connection, or it was lost; ERR_TIMEOUT; ERR_LIMIT answer too large;
 * ERR_DENIED the peer's certificate is not trusted; ERR_INVAL bad URL or file;
 * ERR_PROTO not HTTP.
 */
int http_exchange(const struct http_req *req, struct http_res *ret,
		  struct err *err) MUST_CHECK;

/* How far a request got. */
enum http_progress {
	HTTP_UNSTARTED, /* it was invalid */
	HTTP_UNSENT,    /* no byte of it left */
	HTTP_SENT,
};

/* http_exchange() for callers that must know what a failed request may have done. */
int http_exchange_progress(const struct http_req *req, struct http_res *ret,
			   enum http_progress *ret_progress, struct err *err) MUST_CHECK;

#endif
