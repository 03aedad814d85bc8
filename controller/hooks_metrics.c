/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_metrics.c - what the API asks of metrics: samples in, series and forecasts out.
 * Called by the API's threads.
 */
#include "check.h"
#include "clock.h"
#include "horizon.h"
#include "metrics.h"
#include "samples.h"
#include "text.h"
#include "tiers.h"
#include "wiring.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES_MAX 20000 /* of one push */
#define POINTS_MAX 11000  /* of one answer */
#define FIVE_MINUTES_MS 300000
#define DAY_MS 86400000
#define HISTORY_DAYS 28 /* in which a week is seen, thrice and more */
#define FORECAST_POINTS 96

/* ---------------------------------------------------------------- samples in */

/* {"tier":"web"} as the canonical text of db/samples/labels.h; absent is "". */
static int read_labels(const json_t *o, char **ret, struct err *err)
{
	struct label l[LABELS_MAX];
	CLEANUP(buf_done) struct buf b;
	const char *key;
	json_t *value;
	size_t n = 0;
	int rc;

	buf_init(&b, LABELS_MAX_BYTES);
	/* The macro wants a mutable object; nothing is changed. */
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		if (n == LABELS_MAX || !json_is_string(value))
			return err_set(err, ERR_INVAL,
				       "labels are at most %d strings by name",
				       LABELS_MAX);
		l[n++] = (struct label){ key, json_string_value(value) };
	}
	rc = labels_format(l, n, &b, err);
	if (rc == 0)
		*ret = buf_take(&b);
	return rc;
}

static int read_sample(const json_t *o, struct db_sample_in *ret, char **ret_labels,
		       struct err *err)
{
	const char *kind = "g";
	int rc;

	if ((rc = jread_str(o, "n", &ret->name, err)) < 0 ||
	    (rc = jread_str_opt(o, "k", &kind, err)) < 0 ||
	    (rc = jread_int(o, "t", &ret->t_ms, err)) < 0 ||
	    (rc = jread_num(o, "v", &ret->v, err)) < 0)
		return rc;
	ret->kind = *kind == 'c' ? DB_COUNTER : DB_GAUGE;
	rc = read_labels(json_object_get(o, "l"), ret_labels, err);
	ret->labels = *ret_labels;
	return rc;
}

static int hook_agent_metrics(void *arg, const char *host, const json_t *body,
			      struct err *err)
{
	struct daemon *d = arg;
	const json_t *list = json_object_get(body, "samples");
	size_t n = json_array_size(list), i;
	CLEANUP(free) struct db_sample_in *in = NULL;
	CLEANUP(free) char **labels = NULL;
	const json_t *o;
	int rc = 0;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (n > SAMPLES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d samples in one push",
			       SAMPLES_MAX);
	in = xcalloc(n, sizeof(*in));
	labels = xcalloc(n, sizeof(char *));
	json_array_foreach(
		list, i, o) if ((rc = read_sample(o, &in[i], &labels[i], err)) < 0) break;
	if (rc < 0)
		(void)err_wrap(err, rc, "sample %zu of host %s", i, host);
	else
		rc = db_samples_add(d->db, in, n, clock_now_ms(), NULL, err);
	for (i = 0; i < n; i++)
		free(labels[i]);
	return rc;
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
	db_selector_ids(db, s, &ids, &n_ids);
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

/* ---------------------------------------------------------------- forecasts */

/* A forecast is made in steps of 5 minutes, which any change of a clock is whole ones of,
 * and told in few enough points to look at. */
struct plan {
	int64_t now_ms, from_ms; /* of the history */
	size_t n, h;             /* steps of history and ahead */
	size_t every;            /* so many steps, a point */
};

static struct plan plan_forecast(int64_t horizon_ms)
{
	struct plan p = { .n = HISTORY_DAYS * (size_t)(DAY_MS / FIVE_MINUTES_MS) };

	p.h = (size_t)MAX(horizon_ms / FIVE_MINUTES_MS, 1);
	p.every = MAX(p.h / FORECAST_POINTS, (size_t)1);
	p.now_ms = clock_now_ms() / FIVE_MINUTES_MS * FIVE_MINUTES_MS;
	p.from_ms = p.now_ms - (int64_t)p.n * FIVE_MINUTES_MS;
	return p;
}

/* Minutes to steps, by their mean. */
static int read_history(struct daemon *d, const struct plan *p, const char *stack,
			const char *tier, double *y, struct err *err)
{
	const size_t per = FIVE_MINUTES_MS / DB_DEMAND_STEP_MS;
	CLEANUP(free) double *minutes = xcalloc(p->n * per, sizeof(*minutes));
	int rc =
		db_demand_range(d->db, stack, tier, p->from_ms, minutes, p->n * per, err);

	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		double sum = 0;
		size_t count = 0;

		for (size_t k = i * per; k < (i + 1) * per; k++) {
			if (isnan(minutes[k]))
				continue;
			sum += minutes[k];
			count++;
		}
		y[i] = count ? sum / (double)count : NAN;
	}
	return rc;
}

static json_t *points_json(const struct plan *p, const struct horizon *f)
{
	json_t *points = json_array();

	for (size_t i = 0; i + p->every <= f->h; i += p->every) {
		json_t *q = json_array();

		for (size_t k = 0; k < f->n_levels; k++)
			json_array_append_new(q, json_finite(f->q[k * f->h + i]));
		json_array_append_new(
			points,
			json_pack("{s:o, s:o}", "t",
				  json_time(p->now_ms + (int64_t)i * FIVE_MINUTES_MS),
				  "q", q));
	}
	return points;
}

static json_t *seasons_json(const struct outlook *o)
{
	json_t *list = json_array();

	for (size_t k = 0; k < o->n_seasons; k++)
		json_array_append_new(
			list, json_pack("{s:I, s:f}", "period_ms",
					(json_int_t)o->seasons[k].steps * FIVE_MINUTES_MS,
					"correlation", o->seasons[k].correlation));
	return list;
}

static json_t *forecast_json(const struct plan *p, const struct outlook *o,
			     const double *levels, const json_t *live,
			     const struct tier_events *e)
{
	json_t *list = json_array();
	const json_t *lead = json_object_get(live, "lead");

	for (size_t k = 0; k < o->f->n_levels; k++)
		json_array_append_new(list, json_real(levels[k]));
	return json_pack("{s:o, s:I, s:O?, s:o, s:o, s:o, s:O?, s:O?, s:s, s:o}",
			 "made_at", json_time(clock_now_ms()), "step_ms",
			 (json_int_t)p->every * FIVE_MINUTES_MS, "lead_ms",
			 json_object_get(lead, "used_ms"), "levels", list, "seasons",
			 seasons_json(o), "points", points_json(p, o->f),
			 "fallback_level", json_object_get(live, "fallback_level"), "why",
			 json_object_get(live, "fallback_reason"), "method", o->f->method,
			 "events",
			 tier_events_json(e, p->now_ms,
					  p->now_ms + (int64_t)p->h * FIVE_MINUTES_MS,
					  p->now_ms));
}

/* From the first demand that is known on. */
static int look_ahead(const struct plan *p, const struct event_view *v, double *y,
		      const double *levels, size_t n_levels, struct outlook *ret,
		      struct err *err)
{
	size_t first = 0;

	while (first < p->n && isnan(y[first]))
		first++;
	if (first == p->n)
		return err_set(err, ERR_CONFLICT,
			       "no demand is known yet: import some, or wait");

	const struct uplift_series s = { y + first, p->n - first,
					 p->from_ms + (int64_t)first * FIVE_MINUTES_MS,
					 FIVE_MINUTES_MS, v->zone };

	return outlook_make(&s, p->h, levels, n_levels, ret, err);
}

static int hook_forecast(void *arg, const char *stack, const char *tier,
			 int64_t horizon_ms, json_t **ret, struct err *err)
{
	static const double levels[] = { 0.05, 0.5, 0.95 };
	struct daemon *d = arg;
	const struct plan p = plan_forecast(horizon_ms);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	CLEANUP(free) double *y = xcalloc(p.n, sizeof(*y));
	CLEANUP(event_view_done) struct event_view v = { 0 };
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	int rc = read_history(d, &p, stack, tier, y, err);

	if (rc == 0)
		rc = event_view_read(d->db, stack, p.now_ms, &v, err);
	if (rc == 0)
		rc = tier_events_read(d->db, &v.list, stack, tier, NULL, &e, err);
	if (rc < 0)
		return rc;
	tier_events_divide(e, p.from_ms, FIVE_MINUTES_MS, y, p.n);
	rc = look_ahead(&p, &v, y, levels, ARRAY_SIZE(levels), &o, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s/%s", stack, tier);
	uplift_forecast(e->expected, e->n, p.now_ms, FIVE_MINUTES_MS, levels,
			o.f->n_levels, o.f->mean, o.f->q, o.f->h);
	live = d->tick ? tick_tier_live(d->tick, stack, tier) : NULL;
	*ret = forecast_json(&p, &o, levels, live, e);
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
	ret->forecast = hook_forecast;
	ret->host_load = hook_host_load;
}
