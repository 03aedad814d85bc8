/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_query.h - queries to a Prometheus server (HTTP API v1).
 *
 * Blocking, with deadlines: for worker threads, never within the tick. The server's times
 * are real ones, so with a time scale above 1 only the newest value is usable.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_QUERY_H
#define CONTROLLER_METRICS_PROMETHEUS_QUERY_H

#include "db.h"
#include "err.h"
#include "net.h"

#include <stddef.h>
#include <stdint.h>

struct promquery_opts {
	const char *url;     /* "http://host:9090", without a path */
	const char *hosts;   /* that may be asked: prometheus_hosts.h */
	const char *ca_file; /* for https; NULL: the system's */
	const char *token;   /* bearer, or NULL */
	int64_t timeout_ms;  /* 0: 10 s */
	http_stop_fn *stop;  /* aborts a query; NULL: never */
	void *stop_arg;
};

/*
 * The sum of the query's instant vector (or its scalar) and the newest time in it.
 * ERR_NOT_FOUND when the answer is empty, ERR_INVAL with the server's message when it
 * rejects the query, ERR_PROTO when the answer is invalid, and http_exchange()'s.
 */
int promquery_now(const struct promquery_opts *o, const char *query, double *ret,
		  int64_t *ret_at_ms, struct err *err) MUST_CHECK;

/*
 * The sum of the query's series at n steps from from_ms, NaN where there is none. Long
 * ranges are queried in parts (the server returns at most 11,000 steps at once).
 */
int promquery_range(const struct promquery_opts *o, const char *query, int64_t from_ms,
		    int64_t step_ms, double *out, size_t n, struct err *err) MUST_CHECK;

/*
 * One round for a tier whose demand is prometheus(URL, QUERY): queries it and stores the
 * series of the answer where metrics_expr_now() sums them up and metrics_expr_missing()
 * sees one end (promstore_add()). The first time it also imports the preceding 14 days as
 * the tier's demand (time scale 1 only).
 */
int promquery_fetch(struct db *db, const char *stack, const char *tier,
		    const struct promquery_opts *o, const char *query, int64_t now_ms,
		    struct err *err) MUST_CHECK;

#endif
