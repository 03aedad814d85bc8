/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scrape.h"

#include "ask.h"
#include "check.h"
#include "process.h"

#include <string.h>

#define SCRAPE_MAGIC 0x73637261u
#define ANSWER_MAX_BYTES (4u << 20)
#define SAMPLES_MAX 4000

struct scrape {
	uint32_t magic;
	const struct x_source *src;
	struct collect_sink to;
	scrape_fn *fn;
	void *arg;
	bool fcgi;
	struct httpm_call *call;
	struct ask *ask;
	struct child *child;
	struct loop_timer *failed;
	struct err err;
};

static int parse(const struct scrape *s, const char *data, size_t len, struct err *err)
{
	switch (s->src->collector) {
	case X_COLLECT_HAPROXY:
		return collect_haproxy(data, &s->to, err);
	case X_COLLECT_VARNISH:
		return collect_varnish(data, len, &s->to, err);
	case X_COLLECT_NGINX:
		return collect_nginx(data, &s->to, err);
	case X_COLLECT_PHP_FPM:
		return collect_php_fpm(data, len, &s->to, err);
	case X_COLLECT_MEMCACHED:
		return collect_memcached(data, &s->to, err);
	case X_COLLECT_MARIADB:
		return collect_mariadb(data, &s->to, err);
	case X_COLLECT_PROMETHEUS:
		return collect_prometheus(data, SAMPLES_MAX, &s->to, err);
	}
	CHECK(false);
	return 0;
}

static void finish(struct scrape *s, const char *data, size_t len, const struct err *err)
{
	CLEANUP(buf_done) struct buf body;
	scrape_fn *fn = s->fn;
	void *arg = s->arg;
	struct err e = { 0 };

	buf_init(&body, ANSWER_MAX_BYTES);
	if (err)
		e = *err;
	else if (s->fcgi && collect_fcgi_body(data, len, &body, &e) == 0)
		(void)!parse(s, buf_str(&body), body.len, &e);
	else if (!s->fcgi)
		(void)!parse(s, data, len, &e);
	scrape_free(s);
	fn(arg, e.code ? &e : NULL);
}

static void on_page(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct scrape *s = arg;

	(void)sent;
	CHECK_MAGIC(s, SCRAPE_MAGIC);
	s->call = NULL;
	if (!err && (res->status < 200 || res->status > 299)) {
		err_set(&s->err, ERR_UNAVAIL, "HTTP status %ld", res->status);
		err = &s->err;
	}
	if (err)
		finish(s, "", 0, err);
	else
		finish(s, buf_str(&res->body), res->body.len, NULL);
}

static void on_answer(void *arg, const char *data, size_t len, const struct err *err)
{
	struct scrape *s = arg;

	CHECK_MAGIC(s, SCRAPE_MAGIC);
	s->ask = NULL;
	finish(s, data, len, err);
}

static void on_output(void *arg, const char *data, size_t len, const struct err *err)
{
	struct scrape *s = arg;

	CHECK_MAGIC(s, SCRAPE_MAGIC);
	s->child = NULL;
	finish(s, data, len, err);
}

static void on_failed(void *arg)
{
	struct scrape *s = arg;

	finish(s, "", 0, &s->err);
}

/* ---------------------------------------------------------------- ways */

static void fetch(struct scrape *s, struct httpm *http, int64_t timeout_ms)
{
	struct http_req req = { .url = s->src->url,
				.unix_socket = s->src->socket,
				.timeout_ms = timeout_ms,
				.connect_timeout_ms = timeout_ms,
				.max_answer_bytes = ANSWER_MAX_BYTES };

	s->call = httpm_start(http, &req, NULL, on_page, s);
}

/* "tcp://10.0.0.1:11211/path": the parts, the path "" when there is none. */
static bool split_url(const char *url, char address[64], int *ret_port, const char **path)
{
	const char *p = strstr(url, "://");
	int used = 0;

	if (!p)
		return false;
	p += 3;
	if (*p == '[' ? sscanf(p, "[%63[^]]]:%d%n", address, ret_port, &used) < 2
		      : sscanf(p, "%63[^:/]:%d%n", address, ret_port, &used) < 2)
		return false;
	*path = p + used;
	return true;
}

static int put_question(struct scrape *s, struct loop *loop, const struct buf *question,
			const char *end, const char *default_url, int64_t timeout_ms)
{
	const char *url = s->src->url ? s->src->url : default_url;
	const char *path;
	char address[64];
	struct ask_req req = { .unix_path = s->src->socket,
			       .data = question->data,
			       .len = question->len,
			       .end = end,
			       .timeout_ms = timeout_ms,
			       .max_bytes = ANSWER_MAX_BYTES };

	if (!req.unix_path) {
		if (!url || !split_url(url, address, &req.port, &path))
			return err_set(
				&s->err, ERR_INVAL,
				"neither Socket= nor a Url= with address and port");
		req.address = address;
	}
	s->ask = ask_start(loop, &req, on_answer, s);
	return 0;
}

static int ask_php_fpm(struct scrape *s, struct loop *loop, int64_t timeout_ms)
{
	CLEANUP(buf_done) struct buf b;
	const char *path = "";
	char address[64];
	int port;

	buf_init(&b, 8192);
	if (s->src->url && !split_url(s->src->url, address, &port, &path))
		path = "";
	s->fcgi = true;
	collect_fcgi_request(*path ? path : "/status", &b);
	return put_question(s, loop, &b, NULL, NULL, timeout_ms);
}

static void run(struct scrape *s, struct loop *loop, int64_t timeout_ms)
{
	bool varnish = s->src->collector == X_COLLECT_VARNISH;
	CLEANUP(free) char *socket = NULL;
	const char *const programs[][6] = {
		{ "/usr/bin/env", "varnishstat", "-j", "-n", s->src->socket, NULL },
		{ "/usr/bin/env", "mariadb", "-N", "-B", "-e", "SHOW GLOBAL STATUS" },
	};
	char *argv[8] = { 0 };
	size_t n = 0;

	for (; n < 6 && programs[!varnish][n]; n++)
		argv[n] = (char *)(uintptr_t)programs[!varnish][n];
	if (varnish && !s->src->socket)
		argv[3] = NULL; /* the only instance there is */
	if (!varnish && s->src->socket)
		argv[n] = socket = xasprintf("--socket=%s", s->src->socket);
	s->child = child_run(loop, argv, timeout_ms, ANSWER_MAX_BYTES, on_output, s);
}

static bool is_http(const struct x_source *src)
{
	return src->url && strncmp(src->url, "http", 4) == 0;
}

static int start(struct scrape *s, struct loop *loop, struct httpm *http,
		 int64_t timeout_ms)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 256);
	if (is_http(s->src)) {
		fetch(s, http, timeout_ms);
		return 0;
	}
	switch (s->src->collector) {
	case X_COLLECT_HAPROXY:
		buf_puts(&b, "show stat\n");
		return put_question(s, loop, &b, NULL, NULL, timeout_ms);
	case X_COLLECT_MEMCACHED:
		buf_puts(&b, "stats\r\n");
		return put_question(s, loop, &b, "END\r\n", "tcp://127.0.0.1:11211",
				    timeout_ms);
	case X_COLLECT_PHP_FPM:
		return ask_php_fpm(s, loop, timeout_ms);
	case X_COLLECT_VARNISH:
	case X_COLLECT_MARIADB:
		run(s, loop, timeout_ms);
		return 0;
	case X_COLLECT_NGINX:
	case X_COLLECT_PROMETHEUS:
		break;
	}
	return err_set(&s->err, ERR_INVAL, "it needs a Url=http://...");
}

struct scrape *scrape_start(struct loop *loop, struct httpm *http,
			    const struct x_source *src, const struct collect_sink *to,
			    int64_t timeout_ms, scrape_fn *fn, void *arg)
{
	struct scrape *s = xcalloc(1, sizeof(*s));

	s->magic = SCRAPE_MAGIC;
	s->src = src;
	s->to = *to;
	s->fn = fn;
	s->arg = arg;
	s->failed = loop_timer_new(loop, on_failed, s);
	if (start(s, loop, http, timeout_ms) < 0)
		loop_timer_in(s->failed, 0);
	return s;
}

void scrape_free(struct scrape *s)
{
	if (!s)
		return;
	CHECK_MAGIC(s, SCRAPE_MAGIC);
	httpm_cancel(s->call);
	ask_free(s->ask);
	child_free(s->child);
	loop_timer_free(s->failed);
	s->magic = 0;
	free(s);
}
