/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parsers.h - what programs report about themselves, parsed into samples.
 *
 * The parsers are pure. Each adds what it knows to a sink and returns 0, or ERR_PROTO
 * for text of another format (samples before that are kept). Names
 * follow the well-known exporters.
 */
#ifndef AGENT_COLLECT_PARSERS_H
#define AGENT_COLLECT_PARSERS_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct collect_label {
	const char *name, *value;
};

/* labels ends with a NULL name, or is NULL. */
typedef void collect_fn(void *arg, const char *name, const struct collect_label *labels,
			bool counter, double value);

struct collect_sink {
	collect_fn *add;
	void *arg;
};

/* "show stat" of the stats socket, or the page's ;csv. */
int collect_haproxy(const char *csv, const struct collect_sink *to,
		    struct err *err) MUST_CHECK;
/* varnishstat -j, before and since version 6.5. */
int collect_varnish(const char *json, size_t len, const struct collect_sink *to,
		    struct err *err) MUST_CHECK;
/* The stub_status page. */
int collect_nginx(const char *page, const struct collect_sink *to,
		  struct err *err) MUST_CHECK;
/* The status page, as JSON or as plain text. */
int collect_php_fpm(const char *page, size_t len, const struct collect_sink *to,
		    struct err *err) MUST_CHECK;
/* The answer to "stats". */
int collect_memcached(const char *text, const struct collect_sink *to,
		      struct err *err) MUST_CHECK;
/* SHOW GLOBAL STATUS, tab-separated. */
int collect_mariadb(const char *text, const struct collect_sink *to,
		    struct err *err) MUST_CHECK;
/* Prometheus' text format; at most max samples. */
int collect_prometheus(const char *text, size_t max, const struct collect_sink *to,
		       struct err *err) MUST_CHECK;

/* CPU, memory and network of this host, from its cgroup or /proc. Reads files. */
void collect_host(const struct collect_sink *to);

/* A FastCGI request (GET path, query "json") and the body of its answer. */
void collect_fcgi_request(const char *path, struct buf *ret);
int collect_fcgi_body(const char *data, size_t len, struct buf *ret,
		      struct err *err) MUST_CHECK;

#endif
