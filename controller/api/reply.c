/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reply.h"

#include "check.h"
#include "repeats.h"
#include "server.h"
#include "text.h"
#include "trust.h"

#include <string.h>

static void add_header(struct MHD_Response *m, const char *name, const char *value)
{
	CHECK(MHD_add_response_header(m, name, value) == MHD_YES);
}

/* Pages load nothing from other sites, and must not be framed. */
static void add_common_headers(struct request *r, struct MHD_Response *m)
{
	char text[32];

	add_header(m, "Content-Security-Policy",
		   "default-src 'none'; script-src 'self'; style-src 'self'; img-src "
		   "'self' data:; connect-src 'self'; base-uri 'none'; form-action "
		   "'self'; frame-ancestors 'none'");
	add_header(m, "X-Content-Type-Options", "nosniff");
	add_header(m, "X-Frame-Options", "DENY");
	add_header(m, "Referrer-Policy", "no-referrer");
	add_header(m, "Cross-Origin-Resource-Policy", "same-origin");
	if (r->location)
		add_header(m, "Location", r->location);
	if (*r->allow && r->status == 405)
		add_header(m, "Allow", r->allow);
	if (r->retry_s > 0) {
		snprintf(text, sizeof(text), "%u", r->retry_s);
		add_header(m, "Retry-After", text);
	}
	if (r->ends_connection)
		add_header(m, "Connection", "close");
	if (r->is_tls)
		add_header(m, "Strict-Transport-Security", "max-age=31536000");
	if (r->status == 401)
		add_header(m, "WWW-Authenticate", "Bearer realm=\"foretide\"");
}

void reply_response(struct request *r, unsigned status, struct MHD_Response *response)
{
	CHECK(response && !r->answer);
	r->status = status;
	r->answer = response;
	add_common_headers(r, response);
}

bool reply_is_known(struct request *r)
{
	const char *have = request_header(r, "If-None-Match");

	return have && r->etag &&
	       (strcmp(have, "*") == 0 || strstr(have, r->etag) != NULL);
}

void reply_data(struct request *r, unsigned status, const char *type, const void *data,
		size_t len)
{
	union {
		const void *in;
		void *out;
	} u = { .in = data };
	bool is_get = strcmp(r->method, "GET") == 0;
	char hash[65];

	if (is_get && status == 200 && !r->etag) {
		token_hash_bytes(data, len, hash);
		r->etag = xasprintf("\"%.24s\"", hash);
	}
	if (is_get && status == 200 && reply_is_known(r)) {
		status = 304;
		len = 0;
	}
	reply_response(
		r, status,
		MHD_create_response_from_buffer(len, u.out, MHD_RESPMEM_MUST_COPY));
	if (len > 0)
		add_header(r->answer, "Content-Type", type);
	if (status == 415 && strcmp(r->method, "PATCH") == 0)
		add_header(r->answer, "Accept-Patch",
			   "application/json, application/merge-patch+json");
	if (r->etag)
		add_header(r->answer, "ETag", r->etag);
	if (strncmp(r->path, "/v1/", 4) == 0)
		add_header(r->answer, "Cache-Control", "no-cache");
	if (!r->kept_key)
		return;
	/* Once it is kept the key may be forgotten, and be another request's. */
	repeats_put(r->api->repeats, r->kept_key, r->status, type, data, len);
	free(TAKE(r->kept_key));
}

void reply_empty(struct request *r, unsigned status)
{
	reply_data(r, status, "text/plain", "", 0);
}

void reply_json(struct request *r, unsigned status, json_t *doc)
{
	CLEANUP(free) char *text = json_dumps(doc, JSON_COMPACT);

	CHECK(text);
	json_decref(doc);
	reply_data(r, status, "application/json", text, strlen(text));
}

void reply_page(struct request *r, json_t *items, const char *next)
{
	reply_json(r, 200, json_pack("{s:o, s:s?}", "items", items, "next", next));
}

void reply_items(struct request *r, json_t *items, size_t limit, const char *key)
{
	const json_t *last;
	char text[API_ARG_MAX] = "";

	if (json_array_size(items) > limit) {
		(void)json_array_remove(items, limit);
		last = json_object_get(json_array_get(items, limit - 1), key);
		if (json_is_string(last))
			snprintf(text, sizeof(text), "%s", json_string_value(last));
		else
			snprintf(text, sizeof(text), "%lld",
				 (long long)json_integer_value(last));
	}
	reply_page(r, items, *text ? text : NULL);
}

/* "web/shop": what is sorted by. */
static char *key_of(const json_t *item, const char *const *keys)
{
	char *text = xstrdup("");

	for (; *keys; keys++) {
		const char *part = json_string_value(json_object_get(item, *keys));
		char *longer =
			xasprintf("%s%s%s", text, *text ? "/" : "", part ? part : "");

		free(text);
		text = longer;
	}
	return text;
}

struct keyed {
	char *key;
	json_t *item; /* borrowed */
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

void reply_sorted(struct request *r, json_t *all, const struct page *page,
		  const char *const *keys)
{
	const size_t n = json_array_size(all);
	struct keyed *v = xcalloc(n + 1, sizeof(*v));
	json_t *items = json_array();
	const char *next = NULL;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct keyed){ key_of(json_array_get(all, i), keys),
				       json_array_get(all, i) };
	qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0; i < n && !next; i++) {
		if (strcmp(v[i].key, page->after) <= 0)
			continue;
		json_array_append(items, v[i].item);
		if (json_array_size(items) == page->limit && i + 1 < n)
			next = v[i].key;
	}
	reply_page(r, items, next);
	for (size_t i = 0; i < n; i++)
		free(v[i].key);
	free(v);
	json_decref(all);
}

/* For programs the code, NULL where the error's says more than the status; for people the
 * title. */
static const struct {
	unsigned status;
	const char *code;
	const char *title;
} answers[] = {
	{ 400, NULL, "Bad request" },
	{ 401, "UNAUTHENTICATED", "Token required" },
	{ 403, NULL, "Not allowed" },
	{ 404, "NOT_FOUND", "Not found" },
	{ 405, "METHOD_NOT_ALLOWED", "Method not allowed" },
	{ 409, NULL, "Conflict with the current state" },
	{ 412, "CHANGED", "Changed in the meantime" },
	{ 413, "LIMIT", "Too large" },
	{ 415, "BODY_TYPE", "Unsupported body type" },
	{ 421, "WRONG_HOST", "Not the host that was meant" },
	{ 422, "KEY_REUSED", "Idempotency key used for another request" },
	{ 429, "TOO_MANY", "Too many requests" },
	{ 500, NULL, "Internal error" },
	{ 501, "NOT_IMPLEMENTED", "Not implemented" },
	{ 502, NULL, "Invalid answer from a peer" },
	{ 503, NULL, "Not available now" },
	{ 504, NULL, "Not done in time" },
};

void reply_problem(struct request *r, int code, const struct err *err)
{
	unsigned status =
		r->fail_status ? r->fail_status : (unsigned)err_http_status(code);
	const char *title = "Failed", *name = err_name(code);
	CLEANUP(free) char *text = NULL;
	json_t *doc;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].status == status) {
			title = answers[i].title;
			name = answers[i].code ? answers[i].code : name;
		}
	doc = json_pack("{s:s, s:s, s:i, s:o, s:o, s:s}", "type", "about:blank", "title",
			title, "status", (int)status, "detail", json_text(err->msg),
			"instance", json_text(r->path), "code", name);
	if (r->fail_more)
		json_object_update(doc, r->fail_more);
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	CHECK(text);
	/* After a failure of ours the request can be repeated with the same key. */
	if (r->kept_key && status >= 500) {
		repeats_forget(r->api->repeats, r->kept_key);
		free(TAKE(r->kept_key));
	}
	free(TAKE(r->etag));
	reply_data(r, status, "application/problem+json", text, strlen(text));
}
