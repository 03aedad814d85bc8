/* SPDX-License-Identifier: GPL-3.0-or-later */
/* haproxy, varnish, nginx. */
#include "parsers.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

/* ---------------------------------------------------------------- haproxy */

#define COLUMNS_MAX 160

struct columns {
	const char *v[COLUMNS_MAX];
	size_t n;
};

/* Splits a line of haproxy's CSV; no column that we read is ever quoted. */
static void split(char *line, struct columns *ret)
{
	ret->n = 0;
	while (line && ret->n < COLUMNS_MAX)
		ret->v[ret->n++] = strsep(&line, ",");
}

static const char *column(const struct columns *head, const struct columns *row,
			  const char *name)
{
	for (size_t i = 0; i < head->n && i < row->n; i++)
		if (strcmp(head->v[i], name) == 0)
			return row->v[i];
	return "";
}

static const struct haproxy_metric {
	const char *column, *name;
	bool counter;
	char of; /* f frontend, b backend, s server */
	const char *code;
} haproxy_metrics[] = {
	{ "req_tot", "haproxy_frontend_http_requests_total", true, 'f', NULL },
	{ "stot", "haproxy_frontend_sessions_total", true, 'f', NULL },
	{ "scur", "haproxy_frontend_current_sessions", false, 'f', NULL },
	{ "ereq", "haproxy_frontend_request_errors_total", true, 'f', NULL },
	{ "bin", "haproxy_frontend_bytes_in_total", true, 'f', NULL },
	{ "bout", "haproxy_frontend_bytes_out_total", true, 'f', NULL },
	{ "hrsp_2xx", "haproxy_frontend_http_responses_total", true, 'f', "2xx" },
	{ "hrsp_3xx", "haproxy_frontend_http_responses_total", true, 'f', "3xx" },
	{ "hrsp_4xx", "haproxy_frontend_http_responses_total", true, 'f', "4xx" },
	{ "hrsp_5xx", "haproxy_frontend_http_responses_total", true, 'f', "5xx" },
	{ "req_tot", "haproxy_backend_http_requests_total", true, 'b', NULL },
	{ "stot", "haproxy_backend_sessions_total", true, 'b', NULL },
	{ "scur", "haproxy_backend_current_sessions", false, 'b', NULL },
	{ "qcur", "haproxy_backend_current_queue", false, 'b', NULL },
	{ "act", "haproxy_backend_active_servers", false, 'b', NULL },
	{ "econ", "haproxy_backend_connection_errors_total", true, 'b', NULL },
	{ "eresp", "haproxy_backend_response_errors_total", true, 'b', NULL },
	{ "hrsp_5xx", "haproxy_backend_http_responses_total", true, 'b', "5xx" },
	{ "rtime", "haproxy_backend_response_time_average_ms", false, 'b', NULL },
	{ "stot", "haproxy_server_sessions_total", true, 's', NULL },
	{ "scur", "haproxy_server_current_sessions", false, 's', NULL },
	{ "qcur", "haproxy_server_current_queue", false, 's', NULL },
	{ "hrsp_2xx", "haproxy_server_http_responses_total", true, 's', "2xx" },
	{ "hrsp_3xx", "haproxy_server_http_responses_total", true, 's', "3xx" },
	{ "hrsp_4xx", "haproxy_server_http_responses_total", true, 's', "4xx" },
	{ "hrsp_5xx", "haproxy_server_http_responses_total", true, 's', "5xx" },
};

static void add_haproxy_row(const struct columns *head, const struct columns *row,
			    const struct collect_sink *to)
{
	const char *server = column(head, row, "svname");
	char of = strcmp(server, "FRONTEND") == 0  ? 'f'
		  : strcmp(server, "BACKEND") == 0 ? 'b'
						   : 's';
	struct collect_label labels[4] = { { "proxy", column(head, row, "pxname") } };
	const char *status;

	for (size_t i = 0; i < ARRAY_SIZE(haproxy_metrics); i++) {
		const struct haproxy_metric *m = &haproxy_metrics[i];
		const char *text = m->of == of ? column(head, row, m->column) : "";
		size_t n = 1;

		if (!*text)
			continue;
		if (of == 's')
			labels[n++] = (struct collect_label){ "server", server };
		if (m->code)
			labels[n++] = (struct collect_label){ "code", m->code };
		labels[n] = (struct collect_label){ NULL, NULL };
		to->add(to->arg, m->name, labels, m->counter, strtod(text, NULL));
	}
	if (of != 's')
		return;
	labels[1] = (struct collect_label){ "server", server };
	labels[2] = (struct collect_label){ NULL, NULL };
	/* "UP", "UP 1/3", "no check", "DRAIN" serve; these two do not. */
	status = column(head, row, "status");
	to->add(to->arg, "haproxy_server_up", labels, false,
		strncmp(status, "DOWN", 4) != 0 && strncmp(status, "MAINT", 5) != 0);
}

int collect_haproxy(const char *csv, const struct collect_sink *to, struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(csv);
	char *next = copy, *line;
	struct columns head = { 0 };

	while ((line = strsep(&next, "\n"))) {
		struct columns row;

		line[strcspn(line, "\r")] = '\0';
		if (strncmp(line, "# ", 2) == 0) {
			split(line + 2, &head);
			continue;
		}
		if (!head.n)
			break;
		split(line, &row);
		if (row.n > 2)
			add_haproxy_row(&head, &row, to);
	}
	if (!head.n)
		return err_set(err, ERR_PROTO, "this is not haproxy statistics");
	return 0;
}

/* ---------------------------------------------------------------- varnish */

static const char *const varnish_names[] = {
	"client_req",    "cache_hit",         "cache_miss",       "cache_hitpass",
	"cache_hitmiss", "backend_req",       "backend_conn",     "backend_fail",
	"backend_busy",  "backend_unhealthy", "sess_conn",        "sess_dropped",
	"sess_queued",   "threads",           "threads_failed",   "n_object",
	"n_expired",     "n_lru_nuked",       "s_resp_bodybytes", "uptime",
};

static void add_varnish(const json_t *counters, const char *name,
			const struct collect_sink *to)
{
	CLEANUP(free) char *key = xasprintf("MAIN.%s", name);
	CLEANUP(free) char *sample = xasprintf("varnish_main_%s", name);
	const json_t *c = json_object_get(counters, key);
	const json_t *value = json_object_get(c, "value");
	const char *flag = json_string_value(json_object_get(c, "flag"));

	if (json_is_number(value))
		to->add(to->arg, sample, NULL, !flag || *flag == 'c' || *flag == 'a',
			json_number_value(value));
}

int collect_varnish(const char *text, size_t len, const struct collect_sink *to,
		    struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *counters;
	json_error_t e;

	/* Bitmaps of backends' health fill 64 bits, which jansson's integers do
	 * not hold. */
	doc = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, &e);
	if (!doc)
		return err_set(err, ERR_PROTO, "varnishstat's output is not JSON: %s",
			       e.text);
	counters = json_object_get(doc, "counters");
	if (!counters)
		counters = doc; /* before 6.5 */
	if (!json_object_get(counters, "MAIN.client_req"))
		return err_set(err, ERR_PROTO, "varnishstat reports no MAIN.client_req");
	for (size_t i = 0; i < ARRAY_SIZE(varnish_names); i++)
		add_varnish(counters, varnish_names[i], to);
	return 0;
}

/* ---------------------------------------------------------------- nginx */

int collect_nginx(const char *page, const struct collect_sink *to, struct err *err)
{
	double active, accepted, handled, requests, reading, writing, waiting;

	if (sscanf(page,
		   "Active connections: %lf server accepts handled requests %lf %lf %lf "
		   "Reading: %lf Writing: %lf Waiting: %lf",
		   &active, &accepted, &handled, &requests, &reading, &writing,
		   &waiting) != 7)
		return err_set(err, ERR_PROTO, "this is not a stub_status page");
	to->add(to->arg, "nginx_connections_active", NULL, false, active);
	to->add(to->arg, "nginx_connections_accepted_total", NULL, true, accepted);
	to->add(to->arg, "nginx_connections_handled_total", NULL, true, handled);
	to->add(to->arg, "nginx_http_requests_total", NULL, true, requests);
	to->add(to->arg, "nginx_connections_reading", NULL, false, reading);
	to->add(to->arg, "nginx_connections_writing", NULL, false, writing);
	to->add(to->arg, "nginx_connections_waiting", NULL, false, waiting);
	return 0;
}
