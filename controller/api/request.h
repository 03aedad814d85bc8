/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.h - a request to the API, and how its handler reads it.
 *
 * A handler reads with request_X(), and either answers once with reply_X() (reply.h) and
 * returns 0, or returns an error, which becomes a problem+json by its code.
 * request_fail() sets another status.
 */
#ifndef CONTROLLER_API_REQUEST_H
#define CONTROLLER_API_REQUEST_H

#include "api.h"
#include "text.h"

#include <stdatomic.h>

#define API_ARGS_MAX 2
#define API_ARG_MAX 257
#define API_NAME_MAX 64
#define API_CALLER_MAX 96

enum api_role { API_ANYONE, API_HOST, API_VIEWER, API_OPERATOR, API_ADMIN };

struct request;
typedef int api_handler_fn(struct request *r, struct err *err);

enum api_body {
	API_NO_BODY,
	API_JSON,
	API_TEXT,   /* text/plain, text/csv or JSON; the handler checks */
	API_OPAQUE, /* unchecked: calls of the store */
};

struct api_route {
	const char *method;
	const char *pattern; /* "/v1/tiers/{stack}/{tier}" */
	enum api_role role;
	enum api_body body;
	size_t body_max; /* bytes */
	api_handler_fn *handler;
	const char *query; /* the parameters that it takes, "limit cursor"; NULL: any */
	bool is_query;     /* evaluated: few run at a time */
};

#define REQUEST_MAGIC 0x72657175u

struct request {
	uint32_t magic;
	struct api *api;
	struct MHD_Connection *conn;
	struct api_peer *peer; /* of the connection; NULL: it is not known */
	char *target;          /* as it was sent, escaped; "/v1/series?match=up" */
	const struct api_route *route; /* NULL: a file of the dashboard, or nothing */
	char *method;
	char *path;
	char args[API_ARGS_MAX][API_ARG_MAX]; /* the values of {..} in the pattern */
	bool is_tls;
	bool is_loopback;   /* whether the caller's address is */
	bool is_local_only; /* whether the listener's address is, and it is plain */
	bool is_http_1_0;
	bool ends_connection; /* its answer is the last one */
	struct buf body;
	size_t room;      /* that its body has, see bodies.h */
	bool is_crowded;  /* its body has no room, and is not read */
	bool has_headers; /* they have come */
	bool has_begun;   /* and were checked */

	enum api_role role;
	char who[API_NAME_MAX];  /* name of the token; "" for none */
	int64_t token_id;        /* 0: none */
	char host[API_NAME_MAX]; /* of the client certificate; "" for none */
	char host_address[64]; /* as recorded; "" for none, or while it cannot be read */
	bool is_programs;      /* it is the certificate of the host's programs */
	uint64_t certificate;  /* a digest of its serial; 0: none */
	/* Whose request it is, for limits: "host web-1", "programs web-1", "token 3",
	 * "address ::1". */
	char caller[API_CALLER_MAX];

	char *etag;           /* set by a handler before reply_json(), else computed */
	unsigned fail_status; /* instead of the error code's */
	json_t *fail_more;    /* further members of a failure's document; NULL: none */
	unsigned retry_s;     /* Retry-After of a failure */
	char allow[64];       /* Allow of a 405 */
	unsigned status;      /* of the answer, once there is one */
	struct MHD_Response *answer;
	bool is_queued; /* libmicrohttpd has the answer */
	enum MHD_Result queue_result;
	char *location; /* of a 201 */
	char *kept_key; /* of the Idempotency-Key; NULL: none */

	/* Called when a connection that the handler suspended is resumed. */
	api_handler_fn *again;
	void *again_arg;

	/* Of workers.c. */
	bool has_worked; /* a worker was given it: rc and err are what it found */
	int rc;
	struct err err;
	api_handler_fn *run;
	struct request *next;
	int64_t waits_since_ms;
	uint64_t caller_sum; /* of its name */
	uint64_t turn;       /* who has the lowest is next */
	atomic_size_t holds; /* the connection is suspended until there are none */
};

/* ---------------------------------------------------------------- reading */

const char *request_header(struct request *r, const char *name); /* NULL: none */
const char *request_query(struct request *r, const char *name);  /* NULL: none */
/* These leave *ret as it is when the parameter is absent. */
int request_query_int(struct request *r, const char *name, int64_t min, int64_t max,
		      int64_t *ret, struct err *err) MUST_CHECK;
int request_query_time(struct request *r, const char *name, int64_t *ret_ms,
		       struct err *err) MUST_CHECK;
int request_query_duration(struct request *r, const char *name, int64_t *ret_ms,
			   struct err *err) MUST_CHECK;
int request_query_bool(struct request *r, const char *name, bool *ret,
		       struct err *err) MUST_CHECK;
/* ERR_INVAL: a parameter, which is named, is none that the route takes, has no value, or
 * is given twice. */
int request_query_known(struct request *r, struct err *err) MUST_CHECK;
/* ?dry_run=true: validate only. */
int request_dry_run(struct request *r, bool *ret, struct err *err) MUST_CHECK;

/* The body as an object whose members are among keys (NULL: any). */
int request_json(struct request *r, const char *const *keys, json_t **ret,
		 struct err *err) MUST_CHECK;

/* ?limit= (1 to 1000, else 100) and ?cursor=, "" for the first page. */
struct page {
	size_t limit;
	const char *after;
};
int request_page(struct request *r, struct page *ret, struct err *err) MUST_CHECK;
/* The same where the cursor is a number; 0 for the first page. */
int request_page_id(struct request *r, size_t *ret_limit, int64_t *ret_after,
		    struct err *err) MUST_CHECK;

/* ?from= and ?to=, by default the last length_ms. ERR_INVAL: from is not before to. */
int request_span(struct request *r, int64_t length_ms, int64_t *ret_from, int64_t *ret_to,
		 struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- failing */

/* Fails with this status in place of the error code's. Returns ERR_INVAL. */
int request_fail(struct request *r, unsigned status, struct err *err, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
/* A part of the controller is not available: 503. */
int request_absent(struct err *err, const char *what);

#endif
