/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include "check.h"
#include "clock.h"
#include "server.h"
#include "text.h"
#include "trust.h"

#include <string.h>

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

/* ---------------------------------------------------------------- reading */

const char *request_header(struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name);
}

const char *request_query(struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->conn, MHD_GET_ARGUMENT_KIND, name);
}

int request_query_int(struct request *r, const char *name, int64_t min, int64_t max,
		      int64_t *ret, struct err *err)
{
	const char *text = request_query(r, name);
	int64_t n;
	int rc;

	if (!text)
		return 0;
	rc = conf_parse_int(text, &n, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s", name);
	if (n < min || n > max)
		return err_set(err, ERR_INVAL, "%s must be from %lld to %lld", name,
			       (long long)min, (long long)max);
	*ret = n;
	return 0;
}

int request_query_time(struct request *r, const char *name, int64_t *ret_ms,
		       struct err *err)
{
	const char *text = request_query(r, name);
	int rc = text ? clock_parse(text, ret_ms, err) : 0;

	return rc < 0 ? err_wrap(err, rc, "%s", name) : 0;
}

int request_query_duration(struct request *r, const char *name, int64_t *ret_ms,
			   struct err *err)
{
	const char *text = request_query(r, name);
	int rc = text ? clock_parse_duration(text, ret_ms, err) : 0;

	return rc < 0 ? err_wrap(err, rc, "%s", name) : 0;
}

int request_query_bool(struct request *r, const char *name, bool *ret, struct err *err)
{
	const char *text = request_query(r, name);
	int rc = text ? conf_parse_bool(text, ret, err) : 0;

	return rc < 0 ? err_wrap(err, rc, "%s", name) : 0;
}

int request_dry_run(struct request *r, bool *ret, struct err *err)
{
	*ret = false;
	return request_query_bool(r, "dry_run", ret, err);
}

int request_span(struct request *r, int64_t length_ms, int64_t *ret_from, int64_t *ret_to,
		 struct err *err)
{
	int64_t to = clock_now_ms(), from;
	int rc = request_query_time(r, "to", &to, err);

	from = to - length_ms;
	if (rc == 0)
		rc = request_query_time(r, "from", &from, err);
	if (rc < 0)
		return rc;
	if (from >= to)
		return err_set(err, ERR_INVAL, "from must be before to");
	*ret_from = from;
	*ret_to = to;
	return 0;
}

int request_json(struct request *r, const char *const *keys, json_t **ret,
		 struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc;

	if (r->body.len == 0)
		return err_set(err, ERR_INVAL, "a body is needed: a JSON object");
	rc = json_parse(buf_str(&r->body), r->body.len, "the body", &doc, err);
	if (rc == 0 && !json_is_object(doc))
		rc = err_set(err, ERR_INVAL, "the body must be an object");
	if (rc == 0 && keys)
		rc = json_only(doc, keys, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(doc);
	return 0;
}

int request_page(struct request *r, struct page *ret, struct err *err)
{
	int64_t limit = PAGE_DEFAULT;
	int rc = request_query_int(r, "limit", 1, PAGE_MAX, &limit, err);
	const char *after = request_query(r, "cursor");

	if (rc < 0)
		return rc;
	ret->limit = (size_t)limit;
	ret->after = after ? after : "";
	return 0;
}

int request_page_id(struct request *r, size_t *ret_limit, int64_t *ret_after,
		    struct err *err)
{
	struct page page = { 0, NULL };
	int rc = request_page(r, &page, err);

	*ret_after = 0;
	if (rc == 0)
		rc = request_query_int(r, "cursor", 1, INT64_MAX, ret_after, err);
	*ret_limit = page.limit;
	return rc;
}

/* ---------------------------------------------------------------- failing */

int request_fail(struct request *r, unsigned status, struct err *err, const char *fmt,
		 ...)
{
	char words[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	r->fail_status = status;
	return err_set(err, ERR_INVAL, "%s", words);
}

int request_absent(struct err *err, const char *what)
{
	return err_set(err, ERR_UNAVAIL, "%s is not there in this controller", what);
}

/* ---------------------------------------------------------------- answering */

static void add_header(struct MHD_Response *m, const char *name, const char *value)
{
	CHECK(MHD_add_response_header(m, name, value) == MHD_YES);
}

/* Nothing on a page of ours comes from elsewhere, and nobody may frame it. */
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

/* Whether the caller has it: If-None-Match holds the ETag or a star. */
static bool is_known(struct request *r)
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
	if (is_get && status == 200 && is_known(r)) {
		status = 304;
		len = 0;
	}
	reply_response(
		r, status,
		MHD_create_response_from_buffer(len, u.out, MHD_RESPMEM_MUST_COPY));
	if (len > 0)
		add_header(r->answer, "Content-Type", type);
	if (r->etag)
		add_header(r->answer, "ETag", r->etag);
	if (strncmp(r->path, "/v1/", 4) == 0)
		add_header(r->answer, "Cache-Control", "no-cache");
	if (r->replay_key)
		api_replay_keep(r, type, data, len);
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

static const struct {
	unsigned status;
	const char *title;
} titles[] = {
	{ 400, "The request is wrong" },
	{ 401, "A token is needed" },
	{ 403, "Not allowed" },
	{ 404, "Not found" },
	{ 405, "Not possible here" },
	{ 409, "In conflict with what is there" },
	{ 412, "It changed meanwhile" },
	{ 413, "Too large" },
	{ 415, "Wrong kind of body" },
	{ 422, "The idempotency key was used for something else" },
	{ 429, "Too many wrong tokens" },
	{ 500, "The controller failed" },
	{ 502, "A peer answered wrongly" },
	{ 503, "Not possible now" },
	{ 504, "A peer did not answer in time" },
};

void reply_problem(struct request *r, int code, const struct err *err)
{
	unsigned status =
		r->fail_status ? r->fail_status : (unsigned)err_http_status(code);
	const char *title = "Failed";
	CLEANUP(free) char *text = NULL;
	json_t *doc;

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (titles[i].status == status)
			title = titles[i].title;
	doc = json_pack("{s:s, s:s, s:i, s:o, s:o, s:s}", "type", "about:blank", "title",
			title, "status", (int)status, "detail", json_text(err->msg),
			"instance", json_text(r->path), "code", err_name(code));
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	CHECK(text);
	/* What failed on our side may be tried again under the same key. */
	if (r->replay_key && status >= 500) {
		api_replay_forget(r);
		free(TAKE(r->replay_key));
	}
	free(TAKE(r->etag));
	reply_data(r, status, "application/problem+json", text, strlen(text));
}
