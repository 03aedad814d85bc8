/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.h - one bounded call over the services of the host; in JSON, unless a cloud speaks
 * something else.
 *
 * One attempt, as driver.h demands; only a token that the cloud no longer takes (401) is
 * renewed and the call sent again, once: it had no effect.
 */
#ifndef CLOUD_DRIVERS_REST_CALL_H
#define CLOUD_DRIVERS_REST_CALL_H

#include "token.h"

#include "cleanup.h"
#include "driver.h"
#include "err.h"

#include <jansson.h>

#define REST_ANSWER_BYTES (8u << 20)

struct rest_answer {
	long status;
	json_t *doc; /* NULL: it cannot be read */
	struct drv_http_answer http;
	const struct drv_host *host;
};

void rest_answer_done(struct rest_answer *a);
DEFINE_CLEANUP_OBJECT(struct rest_answer, rest_answer_done);

/* What a cloud says of a failure, with defaults from the status. */
struct rest_fault {
	enum drv_class cls;
	const char *code; /* "": none; the answer's */
	const char *message;
	const char *request_id; /* NULL: the header's */
	int64_t retry_after_ms; /* -1: not given */
};

/* Puts a new token into the rest's, or fails. */
typedef int rest_login_fn(void *arg, int64_t deadline_mono_ms, struct drv_err *err);
/*
 * Reads the cloud's own code and words, and corrects the class by them. What is not found
 * without any such code is another server's answer: BADREQ.
 */
typedef void rest_explain_fn(void *arg, const struct rest_answer *a,
			     struct rest_fault *fault);
/* The document of an answer's body, the caller's; as the readers of common/text. */
typedef int rest_parse_fn(const char *text, size_t len, json_t **ret, struct err *err);

/* The API of one account. All that is pointed at outlives it. */
struct rest {
	const struct drv_host *host;
	const char *ca_file;              /* NULL: the system's */
	const char *cert_file, *key_file; /* of a client certificate; NULL: none */
	const char *token_header;         /* what the token follows: "X-Auth-Token: " */
	const char *request_id_header;    /* NULL: the cloud gives none */
	/* At most 4 that no error shows, besides the token; NULL-ended, or NULL. */
	const char *const *secrets;
	rest_login_fn *login;     /* NULL: the token is what it is */
	rest_explain_fn *explain; /* NULL: the status alone counts */
	void *arg;                /* first argument of both */
	rest_parse_fn *parse;     /* NULL: answers are JSON, and asked for as that */
	const char *userpwd;      /* what calls are signed with; NULL */
	struct rest_token token;
};

struct rest_call {
	const char *method, *url;
	const char *name;           /* for people, instead of the method; NULL */
	const char *const *headers; /* more of them, at most 8, NULL-ended; NULL: none */
	const json_t *body;         /* sent as JSON; NULL: none */
	const char *form;           /* or this, form-encoded; NULL: none */
	const char *sigv4;          /* signed as drv_http_request says; NULL: not */
	bool is_open;               /* sent without a token: the login itself */
	bool want_doc;              /* an answer that is no object is a failure */
	bool only_reads;            /* has no effect, though its method is no GET */
	int64_t deadline_mono_ms;
};

/*
 * 0 when the answer is 2xx; the caller frees *ret with rest_answer_done(), also when it
 * was only initialised with zeroes. Otherwise *err has class, status, request id, the
 * cloud's code, Retry-After, and words that say which call it was.
 */
int rest_call(struct rest *r, const struct rest_call *c, struct rest_answer *ret,
	      struct drv_err *err);

/*
 * For an answer of the call that says yes and lacks what it must have: as it cannot be
 * read, TRANSIENT for methods that only read and AMBIGUOUS for others. Returns the class.
 */
int rest_unreadable(const struct rest_call *c, const char *why, struct drv_err *err);

/*
 * For what a call started, which was accepted and failed then: *err has the code, words
 * and id that the cloud has for it. Returns the class.
 */
int rest_operation_failed(const struct rest *r, enum drv_class cls, const char *code,
			  const char *message, const char *id, struct drv_err *err);

void rest_done(struct rest *r); /* wipes the token */

#endif
