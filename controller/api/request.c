/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include "clock.h"
#include "text.h"

#include <string.h>

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000
#define VALUES_MAX (1 << 18) /* of a body: each takes memory, far more than its text */

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

/* One of the words. */
static bool is_named(const char *words, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, name, n) == 0)
			return true;
		p += n;
	}
	return false;
}

struct query_check {
	struct request *r;
	struct err *err;
	int rc;
};

/* One without a value reads as absent, so that ?dry_run would carry a change out; of two
 * only the first is read. */
static enum MHD_Result check_parameter(void *arg, enum MHD_ValueKind kind,
				       const char *name, const char *value)
{
	struct query_check *c = arg;
	const char *takes = c->r->route->query;

	(void)kind;
	if (!is_named(takes, name))
		c->rc = err_set(c->err, ERR_INVAL, "unknown query parameter '%s': %s",
				name, *takes ? takes : "there are none here");
	else if (!value)
		c->rc = err_set(c->err, ERR_INVAL,
				"the query parameter '%s' has no value: write %s=...",
				name, name);
	else if (request_query(c->r, name) != value)
		c->rc = err_set(c->err, ERR_INVAL,
				"the query parameter '%s' is given twice", name);
	return c->rc == 0 ? MHD_YES : MHD_NO;
}

int request_query_known(struct request *r, struct err *err)
{
	struct query_check c = { .r = r, .err = err };

	if (r->route->query)
		MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, check_parameter,
					  &c);
	return c.rc;
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
		return err_set(err, ERR_INVAL, "a body is required: a JSON object");
	if (json_values_max(buf_str(&r->body), r->body.len) > VALUES_MAX)
		return request_fail(r, 413, err, "the body has more than %d values",
				    VALUES_MAX);
	rc = json_parse(buf_str(&r->body), r->body.len, "the body", &doc, err);
	if (rc == 0 && !json_is_object(doc))
		rc = err_set(err, ERR_INVAL, "the body must be a JSON object");
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
	return err_set(err, ERR_UNAVAIL, "%s is not available in this controller", what);
}
