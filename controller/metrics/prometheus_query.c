/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_query.h"

#include "expression.h"
#include "prometheus_hosts.h"
#include "prometheus_store.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "net.h"
#include "samples.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000
#define ANSWER_MAX_BYTES (64u << 20)
#define URL_MAX_BYTES 16384
#define STEPS_MAX 10000 /* per answer; the server allows 11,000 per series */
#define HISTORY_MINUTES ((size_t)14 * 1440)
#define MINUTE_MS ((int64_t)60000)

/* The server's own message when it rejects a query. */
static int refused(const json_t *doc, long status, struct err *err)
{
	const char *words = "no reason given";

	if (jread_str_opt(doc, "error", &words, NULL) < 0 || status == 200)
		status = 400;
	return err_set(err, status >= 500 ? ERR_UNAVAIL : ERR_INVAL,
		       "the Prometheus server rejected the query: %s", words);
}

static int read_answer(const struct http_res *res, json_t **ret_data, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *status = "";
	json_t *data;
	int rc = json_parse(buf_str(&res->body), res->body.len, "the answer", &doc, err);

	if (rc < 0 && res->status == 200)
		return err_wrap(err, ERR_PROTO, "Prometheus server");
	if (rc < 0)
		return err_set(err, err_from_http_status(res->status),
			       "the Prometheus server answered with status %ld",
			       res->status);
	if (jread_str(doc, "status", &status, err) < 0)
		return err_wrap(err, ERR_PROTO, "Prometheus server");
	if (strcmp(status, "success") != 0)
		return refused(doc, res->status, err);
	data = json_object_get(doc, "data");
	if (!json_is_object(data))
		return err_set(err, ERR_PROTO,
			       "the Prometheus server's answer has no data");
	*ret_data = json_incref(data);
	return 0;
}

static bool may_connect(void *arg, const struct sockaddr *address)
{
	bool *refused_address = arg;
	const bool ret = prometheus_address_is_open(address);

	*refused_address = *refused_address || !ret;
	return ret;
}

static int ask(const struct promquery_opts *o, const char *path, const char *query,
	       const char *more, json_t **ret_data, struct err *err)
{
	CLEANUP(buf_done) struct buf url = { 0 };
	CLEANUP(http_res_done) struct http_res res = { 0 };
	struct http_req req = { .ca_file = o->ca_file,
				.token = o->token,
				.timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS,
				.max_answer_bytes = ANSWER_MAX_BYTES,
				.stop = o->stop,
				.stop_arg = o->stop_arg };
	size_t len = strlen(o->url);
	bool refused_address = false;
	int rc = prometheus_hosts_check(o->hosts, o->url, err);

	if (rc < 0)
		return rc;
	if (!o->hosts || !*o->hosts) {
		req.may_connect = may_connect;
		req.may_connect_arg = &refused_address;
	}
	buf_init(&url, URL_MAX_BYTES);
	while (len && o->url[len - 1] == '/')
		len--;
	buf_add(&url, o->url, len);
	buf_printf(&url, "%s?query=", path);
	http_escape(&url, query);
	buf_puts(&url, more);
	if (buf_is_full(&url))
		return err_set(err, ERR_LIMIT, "the query is too long");
	req.url = buf_str(&url);
	rc = http_exchange(&req, &res, err);
	if (rc < 0 && refused_address)
		return err_set(err, ERR_DENIED,
			       "%s has an address that a demand may not ask: allow its "
			       "host in foretide.conf, [metrics] prometheus_hosts",
			       o->url);
	return rc < 0 ? rc : read_answer(&res, ret_data, err);
}

/* [seconds, "value"]: a number, and a number as text. */
static int read_pair(const json_t *pair, int64_t *ret_t_ms, double *ret, struct err *err)
{
	const json_t *t = json_array_get(pair, 0), *v = json_array_get(pair, 1);
	char *end;

	if (!json_is_number(t) || !json_is_string(v))
		return err_set(err, ERR_PROTO,
			       "the Prometheus server's answer has a bad sample");
	*ret_t_ms = (int64_t)llround(json_number_value(t) * 1000);
	*ret = strtod(json_string_value(v), &end);
	if (*end)
		return err_set(err, ERR_PROTO,
			       "the Prometheus server's answer has a bad value");
	return 0;
}

/* ---------------------------------------------------------------- now */

struct answer {
	struct promstore_value *v; /* in the server's order */
	size_t n;
	char type[16];
};

static void answer_done(struct answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].labels);
	free(a->v);
}
DEFINE_CLEANUP_OBJECT(struct answer, answer_done);

static int take_value(struct answer *a, const json_t *metric, const json_t *pair,
		      struct err *err)
{
	struct promstore_value x = { 0 };
	int rc = read_pair(pair, &x.at_ms, &x.v, err);

	if (rc < 0 || !isfinite(x.v))
		return rc;
	x.labels = promstore_labels(metric);
	a->v[a->n++] = x;
	return 0;
}

static int take_values(struct answer *a, const json_t *result, struct err *err)
{
	size_t i;
	json_t *item;
	int rc = 0;

	a->v = xcalloc(json_array_size(result) + 1, sizeof(*a->v));
	if (strcmp(a->type, "scalar") == 0)
		return take_value(a, NULL, result, err);
	json_array_foreach(result, i, item)
	{
		rc = take_value(a, json_object_get(item, "metric"),
				json_object_get(item, "value"), err);
		if (rc < 0)
			break;
	}
	return rc;
}

static int ask_now(const struct promquery_opts *o, const char *query, struct answer *ret,
		   struct err *err)
{
	CLEANUP(json_decref) json_t *data = NULL;
	const char *type = "";
	int rc = ask(o, "/api/v1/query", query, "", &data, err);

	if (rc < 0)
		return rc;
	if ((rc = jread_str(data, "resultType", &type, err)) < 0)
		return err_wrap(err, ERR_PROTO, "Prometheus server");
	if (strcmp(type, "scalar") != 0 && strcmp(type, "vector") != 0)
		return err_set(err, ERR_INVAL,
			       "the query returns a %s; a vector or scalar is needed",
			       type);
	snprintf(ret->type, sizeof(ret->type), "%s", type);
	rc = take_values(ret, json_object_get(data, "result"), err);
	if (rc == 0 && ret->n == 0)
		rc = err_set(err, ERR_NOT_FOUND, "the query returns no value");
	return rc;
}

int promquery_now(const struct promquery_opts *o, const char *query, double *ret,
		  int64_t *ret_at_ms, struct err *err)
{
	CLEANUP(answer_done) struct answer a = { 0 };
	struct promstore_value sum;
	int rc = ask_now(o, query, &a, err);

	if (rc < 0)
		return rc;
	sum = promstore_sum(a.v, a.n);
	*ret = sum.v;
	*ret_at_ms = sum.at_ms;
	return 0;
}

/* ---------------------------------------------------------------- range */

static int add_matrix(const json_t *result, int64_t from_ms, int64_t step_ms, double *out,
		      size_t n, struct err *err)
{
	size_t i, k;
	json_t *item, *pair;

	json_array_foreach(result, i, item)
	{
		json_array_foreach(json_object_get(item, "values"), k, pair)
		{
			int64_t t_ms = 0, at;
			double v = NAN;
			int rc = read_pair(pair, &t_ms, &v, err);

			if (rc < 0)
				return rc;
			at = (t_ms - from_ms) / step_ms;
			if (!isfinite(v) || t_ms < from_ms || (size_t)at >= n)
				continue;
			out[at] = isnan(out[at]) ? v : out[at] + v;
		}
	}
	return 0;
}

static int range_part(const struct promquery_opts *o, const char *query, int64_t from_ms,
		      int64_t step_ms, double *out, size_t n, struct err *err)
{
	CLEANUP(json_decref) json_t *data = NULL;
	int64_t to_ms = from_ms + (int64_t)(n - 1) * step_ms;
	const char *type = "";
	char more[160];
	int rc;

	snprintf(more, sizeof(more),
		 "&start=%" PRId64 ".%03d&end=%" PRId64 ".%03d&step=%" PRId64 ".%03d",
		 from_ms / 1000, (int)(from_ms % 1000), to_ms / 1000, (int)(to_ms % 1000),
		 step_ms / 1000, (int)(step_ms % 1000));
	rc = ask(o, "/api/v1/query_range", query, more, &data, err);
	if (rc < 0)
		return rc;
	if (jread_str(data, "resultType", &type, err) < 0 || strcmp(type, "matrix") != 0)
		return err_set(err, ERR_PROTO,
			       "the Prometheus server returned no matrix");
	return add_matrix(json_object_get(data, "result"), from_ms, step_ms, out, n, err);
}

int promquery_range(const struct promquery_opts *o, const char *query, int64_t from_ms,
		    int64_t step_ms, double *out, size_t n, struct err *err)
{
	CHECK(step_ms > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = NAN;
	for (size_t i = 0; i < n; i += STEPS_MAX) {
		int rc = range_part(o, query, from_ms + (int64_t)i * step_ms, step_ms,
				    out + i, MIN(n - i, (size_t)STEPS_MAX), err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- fetching */

/* A value at a time stands for the minute before it. */
static int fetch_history(struct db *db, const char *stack, const char *tier,
			 const struct promquery_opts *o, const char *query,
			 int64_t now_ms, struct err *err)
{
	CLEANUP(free) double *v = xcalloc(HISTORY_MINUTES, sizeof(*v));
	int64_t from_ms = (now_ms / MINUTE_MS - (int64_t)HISTORY_MINUTES) * MINUTE_MS;
	size_t added = 0;
	int rc = promquery_range(o, query, from_ms + MINUTE_MS, MINUTE_MS, v,
				 HISTORY_MINUTES, err);

	if (rc < 0)
		return rc;
	return db_demand_import(db, stack, tier, from_ms, v, HISTORY_MINUTES, now_ms,
				&added, err);
}

int promquery_fetch(struct db *db, const char *stack, const char *tier,
		    const struct promquery_opts *o, const char *query, int64_t now_ms,
		    struct err *err)
{
	CLEANUP(free) char *done = xasprintf("prometheus-history/%s/%s", stack, tier);
	CLEANUP(free) char *have = NULL;
	CLEANUP(answer_done) struct answer a = { 0 };
	char mark[METRICS_QUERY_TEXT];
	int rc = ask_now(o, query, &a, err);

	if (rc == 0)
		rc = promstore_add(db, stack, tier,
				   metrics_query_mark(o->url, query, mark), a.v, a.n,
				   now_ms, err);
	if (rc < 0 || clock_scale() != 1.0)
		return rc;
	rc = db_meta_get(db, done, &have, err);
	if (rc == 0 && strcmp(have, query) == 0)
		return 0;
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	rc = fetch_history(db, stack, tier, o, query, now_ms, err);
	return rc < 0 ? rc : db_meta_put(db, done, query, err);
}
