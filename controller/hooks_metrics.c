/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_metrics.c - callbacks of the API for metrics: samples in, series out. Called by
 * the API's threads.
 */
#include "check.h"
#include "clock.h"
#include "host_samples.h"
#include "listening.h"
#include "metrics.h"
#include "refused_samples.h"
#include "samples.h"
#include "text.h"
#include "wiring.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINTS_MAX 11000 /* of one answer */

/* ---------------------------------------------------------------- samples in */

/* Times are the sender's: by this clock, and none later than now. */
static void correct_times(struct daemon *d, const char *host, const json_t *body,
			  struct db_sample_in *in, size_t n)
{
	const int64_t now = clock_now_ms();
	int64_t sent_ms, by_ms = 0;

	if (d->health && jread_int(body, "now", &sent_ms, NULL) == 0)
		by_ms = health_sender(d->health, host, sent_ms);
	for (size_t i = 0; i < n; i++)
		in[i].t_ms = MIN(in[i].t_ms + by_ms, now);
}

/* {"count","samples":[{"sample","why"}]}; NULL: none */
static json_t *refused_to_json(const struct host_samples *s)
{
	if (!s->n_refused)
		return NULL;
	return json_pack("{s:I, s:O}", "count", (json_int_t)s->n_refused, "samples",
			 s->refused);
}

static int hook_agent_metrics(void *arg, const char *host, const json_t *body,
			      json_t **ret_refused, struct err *err)
{
	struct daemon *d = arg;
	CLEANUP(host_samples_done) struct host_samples s = { 0 };
	struct db_samples_result stored;
	int rc;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	listening_pushed(d->listening, host);
	if (d->health)
		health_clock(d->health);
	rc = host_samples_read(d->db, host, body, clock_now_ms(), &s, err);
	if (rc < 0)
		return rc;
	correct_times(d, host, body, s.v, s.n);
	rc = db_samples_add_in_order(d->db, s.v, s.n, clock_now_ms(), &stored, err);
	if (rc < 0)
		return rc;
	if (d->refused && s.n_refused)
		refused_samples_note(d->refused, host, &s);
	/* What there is no room for has a problem of its own, of the series. */
	host_samples_left_out(&s, &stored);
	*ret_refused = refused_to_json(&s);
	return 0;
}

/* ---------------------------------------------------------------- series out */

/* One gauge of a tier as points: NaN where there is none. */
static int tier_gauge(struct db *db, const char *name, const char *stack,
		      const char *tier, int64_t from_ms, int64_t step_ms, double *out,
		      size_t n, struct err *err)
{
	const struct db_matcher m[] = { { "stack", DB_MATCH_EQ, stack },
					{ "tier", DB_MATCH_EQ, tier } };
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n_ids;
	int rc = db_selector_new(name, m, ARRAY_SIZE(m), &s, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		out[i] = NAN;
	rc = db_selector_ids(db, s, &ids, &n_ids, err);
	if (rc < 0)
		return rc;
	return n_ids ? db_samples_range(db, ids[0], from_ms, step_ms, DB_AGG_AVG, out, n,
					err)
		     : 0;
}

static int hook_tier_series(void *arg, const char *stack, const char *tier,
			    int64_t from_ms, int64_t to_ms, int64_t step_ms, json_t **ret,
			    struct err *err)
{
	static const char *const names[] = { "foretide_demand", "foretide_desired",
					     "foretide_healthy", "foretide_capacity" };
	struct daemon *d = arg;
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	CLEANUP(free) double *v = NULL;
	json_t *points;
	size_t n;
	int rc = db_tier_get(d->db, stack, tier, &t, err);

	if (rc < 0)
		return rc;
	if (step_ms <= 0 || to_ms <= from_ms || (to_ms - from_ms) / step_ms > POINTS_MAX)
		return err_set(err, ERR_INVAL,
			       "from, to and step must give 1 to %d points", POINTS_MAX);
	n = (size_t)((to_ms - from_ms) / step_ms);
	v = xcalloc(n * ARRAY_SIZE(names), sizeof(*v));
	for (size_t k = 0; rc == 0 && k < ARRAY_SIZE(names); k++)
		rc = tier_gauge(d->db, names[k], stack, tier, from_ms, step_ms, v + k * n,
				n, err);
	if (rc < 0)
		return rc;
	points = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			points,
			json_pack("{s:o, s:o, s:o, s:o, s:o}", "t",
				  json_time(from_ms + (int64_t)i * step_ms), "demand",
				  json_finite(v[i]), "desired", json_finite(v[n + i]),
				  "running", json_finite(v[2 * n + i]), "capacity",
				  json_finite(v[2 * n + i] * (v[3 * n + i] > 0
								      ? v[3 * n + i]
								      : t.capacity))));
	*ret = json_pack("{s:I, s:o}", "step_ms", (json_int_t)step_ms, "points", points);
	return 0;
}

static int hook_eval(void *arg, const char *expression, int64_t from_ms, int64_t to_ms,
		     int64_t step_ms, json_t **ret, struct err *err)
{
	struct daemon *d = arg;
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	CLEANUP(free) double *v = NULL;
	json_t *points;
	size_t n;
	int rc = metrics_expr_parse(expression, "", "", &e, err);

	if (rc < 0)
		return rc;
	if (step_ms <= 0 || to_ms <= from_ms || (to_ms - from_ms) / step_ms > POINTS_MAX)
		return err_set(err, ERR_INVAL,
			       "from, to and step must give 1 to %d points", POINTS_MAX);
	n = (size_t)((to_ms - from_ms) / step_ms);
	v = xcalloc(n, sizeof(*v));
	rc = metrics_expr_range(d->db, e, from_ms, step_ms, v, n, err);
	if (rc < 0)
		return rc;
	points = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(points,
				      json_pack("[o, o]",
						json_time(from_ms + (int64_t)i * step_ms),
						json_finite(v[i])));
	*ret = json_pack("{s:I, s:o}", "step_ms", (json_int_t)step_ms, "points", points);
	return 0;
}

/* ---------------------------------------------------------------- load of a host */

static double host_rate(struct daemon *d, const char *expression)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	double v = NAN;
	int64_t at_ms;

	if (metrics_expr_parse(expression, "", "", &e, NULL) < 0 ||
	    metrics_expr_now(d->db, e, clock_now_ms(), &v, &at_ms, NULL) < 0)
		return NAN;
	return v;
}

static json_t *hook_host_load(void *arg, const char *host)
{
	struct daemon *d = arg;
	CLEANUP(free)
	char *cpu = xasprintf("sum(rate(host_cpu_seconds_total{host=\"%s\"}))", host);
	CLEANUP(free)
	char *cores = xasprintf("sum(host_cpu_limit_cores{host=\"%s\"})", host);
	CLEANUP(free) char *used = xasprintf("sum(host_memory_bytes{host=\"%s\"})", host);
	CLEANUP(free)
	char *limit = xasprintf("sum(host_memory_limit_bytes{host=\"%s\"})", host);

	return json_pack("{s:o, s:o}", "cpu",
			 json_finite(host_rate(d, cpu) / host_rate(d, cores)), "memory",
			 json_finite(host_rate(d, used) / host_rate(d, limit)));
}

void daemon_metrics_hooks(struct api_hooks *ret)
{
	ret->agent_metrics = hook_agent_metrics;
	ret->tier_series = hook_tier_series;
	ret->eval = hook_eval;
	ret->host_load = hook_host_load;
}
