/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include "failure.h"

#include "check.h"
#include "driver_util.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

#define SECRETS_MAX 4
#define HEADERS_MORE_MAX 8
#define HEADERS_MAX (4 + HEADERS_MORE_MAX + 1) /* with the NULL */

void rest_answer_done(struct rest_answer *a)
{
	json_decref(a->doc);
	if (a->http.owned)
		a->host->http_done(a->host->ctx, &a->http);
	*a = (struct rest_answer){ .status = 0 };
}

void rest_done(struct rest *r)
{
	rest_token_done(&r->token);
}

/* ---------------------------------------------------------------- failures */

/* The URL as far as its query, for people. */
static int url_len(const char *url)
{
	return (int)strcspn(url, "?");
}

/* The method that says whether the call may have had an effect. */
static const char *effect_of(const struct rest_call *c)
{
	return c->only_reads ? "GET" : c->method;
}

static const char *name_of(const struct rest_call *c)
{
	return c->name ? c->name : c->method;
}

int rest_unreadable(const struct rest_call *c, const char *why, struct drv_err *err)
{
	return drv_fail(err,
			rest_only_reads(effect_of(c)) ? DRV_TRANSIENT : DRV_AMBIGUOUS,
			"%s %.*s: the answer cannot be read: %s", name_of(c),
			url_len(c->url), c->url, why);
}

/* Those of the cloud's and the token, NULL-ended. */
static void list_secrets(const struct rest *r, const char *ret[SECRETS_MAX + 2])
{
	size_t n = 0;

	for (; r->secrets && r->secrets[n]; n++) {
		CHECK(n < SECRETS_MAX);
		ret[n] = r->secrets[n];
	}
	ret[n++] = r->token.text;
	ret[n] = NULL;
}

/*
 * What a proxy or a wrong address does not find says nothing of the cloud's VMs, and a
 * VM that is not found is taken for one that is gone.
 */
static bool is_anothers(const struct rest *r, const struct rest_fault *fault)
{
	return fault->cls == DRV_NOTFOUND && r->explain && !*fault->code;
}

static int fail(const struct rest *r, const struct rest_call *c,
		const struct rest_answer *a, struct drv_err *err)
{
	const struct drv_host *h = r->host;
	const int64_t retry_ms = rest_retry_after_ms(&a->http, h->wall_ms(h->ctx));
	struct rest_fault fault = {
		.cls = rest_class(a->status, effect_of(c), retry_ms >= 0),
		.code = "",
		.message = a->status >= 300 && a->status < 400
				   ? "it is somewhere else, which is not followed: "
				     "correct the address in the configuration"
				   : "no reason was given",
		.retry_after_ms = retry_ms,
	};
	const char *secrets[SECRETS_MAX + 2];
	char message[DRV_MSG_MAX], code[sizeof(err->code)];

	if (r->explain)
		r->explain(r->arg, a, &fault);
	if (is_anothers(r, &fault)) {
		fault.cls = DRV_BADREQ;
		fault.message = "it is not in the cloud's words: see whether the address "
				"in the configuration is that of its API";
	}
	list_secrets(r, secrets);
	rest_plain(message, sizeof(message), fault.message, secrets);
	rest_plain(code, sizeof(code), fault.code, secrets);
	(void)drv_fail(err, fault.cls, "%s %.*s: %ld%s%s: %s", name_of(c),
		       url_len(c->url), c->url, a->status, *code ? " " : "", code,
		       message);
	utf8_mend(err->msg);
	memcpy(err->code, code, sizeof(code));
	err->http_status = (int)a->status;
	err->retry_after_ms = fault.retry_after_ms;
	if (fault.request_id)
		rest_plain(err->request_id, sizeof(err->request_id), fault.request_id,
			   secrets);
	else if (r->request_id_header)
		(void)rest_header(&a->http, r->request_id_header, err->request_id,
				  sizeof(err->request_id));
	return fault.cls;
}

int rest_operation_failed(const struct rest *r, enum drv_class cls, const char *code,
			  const char *message, const char *id, struct drv_err *err)
{
	const char *secrets[SECRETS_MAX + 2];
	char words[DRV_MSG_MAX], plain[sizeof(err->code)];

	list_secrets(r, secrets);
	rest_plain(words, sizeof(words), message, secrets);
	rest_plain(plain, sizeof(plain), code, secrets);
	(void)drv_fail(err, cls, "the operation failed: %s: %s", plain, words);
	utf8_mend(err->msg);
	memcpy(err->code, plain, sizeof(plain));
	rest_plain(err->request_id, sizeof(err->request_id), id, secrets);
	return cls;
}

/* ---------------------------------------------------------------- one exchange */

static void parse(const struct rest *r, struct rest_answer *a)
{
	const char *text = a->http.body;
	const size_t len = a->http.body_len;
	int rc = 0;

	/* What cannot be read is told where a document is needed. */
	if (len > 0)
		rc = r->parse ? r->parse(text, len, &a->doc, NULL)
			      : json_parse(text, len, "", &a->doc, NULL);
	if (rc < 0)
		a->doc = NULL;
}

/* token: NULL: none. */
static int exchange(const struct rest *r, const struct rest_call *c, const char *token,
		    struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(rest_wipe)
	char *authorization = token ? xasprintf("%s%s", r->token_header, token) : NULL;
	CLEANUP(rest_wipe)
	char *json = c->body ? json_dumps(c->body, JSON_COMPACT) : NULL;
	const char *body = json ? json : c->form;
	const char *headers[HEADERS_MAX] = { NULL };
	struct drv_http_request req = {
		.method = c->method,
		.url = c->url,
		.headers = headers,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.ca_file = r->ca_file,
		.cert_file = r->cert_file,
		.key_file = r->key_file,
		.sigv4 = c->sigv4,
		.userpwd = c->sigv4 ? r->userpwd : NULL,
		.deadline_mono_ms = c->deadline_mono_ms,
		.max_answer_bytes = REST_ANSWER_BYTES,
	};
	size_t n = 0;
	int rc;

	if (!r->parse)
		headers[n++] = "Accept: application/json";
	if (body)
		headers[n++] = json ? "Content-Type: application/json"
				    : "Content-Type: application/x-www-form-urlencoded";
	if (authorization)
		headers[n++] = authorization;
	for (size_t i = 0; c->headers && c->headers[i]; i++) {
		CHECK(i < HEADERS_MORE_MAX);
		headers[n++] = c->headers[i];
	}
	rc = r->host->http(r->host->ctx, &req, &ret->http, err);
	/* The host sees the method alone. */
	if (rc == DRV_AMBIGUOUS && c->only_reads)
		rc = err->cls = DRV_TRANSIENT;
	if (rc < 0)
		return rc;
	ret->host = r->host;
	ret->status = ret->http.status;
	parse(r, ret);
	return 0;
}

static int log_in(struct rest *r, const struct rest_call *c, const char **ret,
		  struct drv_err *err)
{
	const struct drv_host *h = r->host;
	int rc;

	*ret = rest_token_get(&r->token, h->mono_ms(h->ctx));
	if (*ret || !r->login)
		return 0;
	rc = r->login(r->arg, c->deadline_mono_ms, err);
	*ret = r->token.text;
	return rc;
}

int rest_call(struct rest *r, const struct rest_call *c, struct rest_answer *ret,
	      struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const char *token = NULL;
	int rc = c->is_open ? 0 : log_in(r, c, &token, err);

	if (rc == 0)
		rc = exchange(r, c, token, &a, err);
	if (rc == 0 && a.status == 401 && !c->is_open && r->login) {
		rest_answer_done(&a);
		rest_token_done(&r->token);
		rc = log_in(r, c, &token, err);
		if (rc == 0)
			rc = exchange(r, c, token, &a, err);
	}
	if (rc < 0)
		return rc;
	if (a.status < 200 || a.status > 299)
		return fail(r, c, &a, err);
	if (c->want_doc && !json_is_object(a.doc)) {
		rc = rest_unreadable(
			c, r->parse ? "it is no document" : "it is no JSON object", err);
		err->http_status = (int)a.status;
		return rc;
	}
	*ret = a;
	a = (struct rest_answer){ .status = 0 };
	return 0;
}
