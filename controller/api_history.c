/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Import of a tier's history: "timestamp,value" lines or JSON into minutes.
 */
#include "api_handlers.h"

#include "check.h"
#include "clock.h"
#include "conf.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS 60000
#define POINTS_MAX 2000000
#define GAP_MAX_MS (2 * 3600 * 1000LL) /* a step longer than this is no series */

struct point {
	int64_t t_ms;
	double v;
};

struct points {
	struct point *v;
	size_t n, cap;
};

static void points_done(struct points *p)
{
	free(p->v);
}
DEFINE_CLEANUP_OBJECT(struct points, points_done);

static int add(struct points *p, int64_t t_ms, double v, struct err *err)
{
	if (t_ms <= 0 || !isfinite(v))
		return err_set(err, ERR_INVAL, "a time or value is not finite");
	if (v < 0)
		return err_set(err, ERR_INVAL, "demand cannot be below 0");
	if (p->n == POINTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d values", POINTS_MAX);
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 1024;
		p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
	}
	p->v[p->n++] = (struct point){ t_ms, v };
	return 0;
}

/* ---------------------------------------------------------------- reading */

static int read_line(struct points *p, char *line, int number, struct err *err)
{
	char *comma = strpbrk(line, ",;\t");
	int64_t t;
	double v;
	int rc;

	if (!comma)
		return err_set(err, ERR_INVAL, "line %d is no \"timestamp,value\"",
			       number);
	*comma++ = '\0';
	comma += strspn(comma, " ");
	/* The first line may be a heading; an empty value is a gap. */
	rc = clock_parse(line, &t, err);
	if (rc < 0)
		return number == 1 ? 0 : err_wrap(err, rc, "line %d", number);
	if (!*comma)
		return 0;
	rc = conf_parse_number(comma, &v, err);
	if (rc == 0)
		rc = add(p, t, v, err);
	return rc < 0 ? err_wrap(err, rc, "line %d", number) : 0;
}

static int read_csv(struct points *p, const char *text, struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy, *line;
	int number = 0, rc = 0;

	while (rc == 0 && (line = strsep(&next, "\n"))) {
		size_t len = strlen(line);

		number++;
		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (*line && *line != '#')
			rc = read_line(p, line, number, err);
	}
	return rc;
}

static int read_time(const json_t *t, int64_t *ret, struct err *err)
{
	if (json_is_string(t))
		return clock_parse(json_string_value(t), ret, err);
	if (!json_is_number(t))
		return err_set(err, ERR_INVAL, "a time is RFC 3339 or Unix seconds");
	*ret = (int64_t)llround(json_number_value(t) * 1000);
	return 0;
}

/* {"points":[[time, value], ..]}; null is a gap. */
static int read_json(struct request *r, struct points *p, struct err *err)
{
	static const char *const keys[] = { "points", NULL };
	CLEANUP(json_decref) json_t *body = NULL;
	json_t *list, *pair;
	int64_t t;
	size_t i;
	int rc = request_json(r, keys, &body, err);

	if (rc < 0)
		return rc;
	list = json_object_get(body, "points");
	if (!json_is_array(list))
		return err_set(err, ERR_INVAL, "\"points\" must be a list of pairs");
	json_array_foreach(list, i, pair)
	{
		const json_t *v = json_array_get(pair, 1);

		if (json_is_null(v))
			continue;
		rc = json_is_number(v) ? read_time(json_array_get(pair, 0), &t, err)
				       : err_set(err, ERR_INVAL, "not [time, value]");
		if (rc == 0)
			rc = add(p, t, json_number_value(v), err);
		if (rc < 0)
			return err_wrap(err, rc, "point %zu", i);
	}
	return 0;
}

/* ---------------------------------------------------------------- minutes */

static int by_time(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return (x->t_ms > y->t_ms) - (x->t_ms < y->t_ms);
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The usual distance of two values. */
static int64_t median_step(const struct points *p)
{
	CLEANUP(free) int64_t *d = xcalloc(p->n, sizeof(*d));
	size_t n = 0;

	for (size_t i = 1; i < p->n; i++)
		if (p->v[i].t_ms > p->v[i - 1].t_ms)
			d[n++] = p->v[i].t_ms - p->v[i - 1].t_ms;
	if (n == 0)
		return MINUTE_MS;
	qsort(d, n, sizeof(*d), by_number);
	return d[n / 2];
}

/*
 * Means of minutes. Where the series is coarser than that a value holds until the next
 * one, unless that is missing: then for one step.
 */
static double *to_minutes(const struct points *p, int64_t from, size_t n)
{
	CLEANUP(free) unsigned *count = xcalloc(n, sizeof(*count));
	double *v = xcalloc(n, sizeof(*v));
	int64_t step = median_step(p);

	for (size_t i = 0; i < p->n; i++) {
		size_t at = (size_t)((p->v[i].t_ms - from) / MINUTE_MS);

		v[at] += p->v[i].v;
		count[at]++;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = count[i] ? v[i] / count[i] : NAN;
	for (size_t i = 0; i < p->n && step > MINUTE_MS; i++) {
		int64_t until = p->v[i].t_ms + step;
		size_t at = (size_t)((p->v[i].t_ms - from) / MINUTE_MS);

		for (size_t k = at + 1;
		     k < n && from + (int64_t)k * MINUTE_MS < until && isnan(v[k]); k++)
			v[k] = v[at];
	}
	return v;
}

static int import(struct request *r, struct points *p, bool dry_run, size_t *ret_added,
		  size_t *ret_minutes, struct err *err)
{
	CLEANUP(free) double *v = NULL;
	int64_t from, last;

	qsort(p->v, p->n, sizeof(*p->v), by_time);
	if (median_step(p) > GAP_MAX_MS)
		return err_set(err, ERR_INVAL,
			       "the values are more than two hours apart: too coarse");
	from = p->v[0].t_ms / MINUTE_MS * MINUTE_MS;
	last = p->v[p->n - 1].t_ms + median_step(p);
	if (last - from > 401LL * 24 * 3600 * 1000)
		return err_set(err, ERR_LIMIT, "the history is longer than 400 days");
	*ret_minutes = (size_t)((last - from + MINUTE_MS - 1) / MINUTE_MS);
	*ret_minutes = MAX(*ret_minutes, 1);
	*ret_added = 0;
	if (dry_run)
		return 0;
	v = to_minutes(p, from, *ret_minutes);
	return db_demand_import(r->api->db, r->args[0], r->args[1], from, v, *ret_minutes,
				clock_now_ms(), ret_added, err);
}

int api_tier_history(struct request *r, struct err *err)
{
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	CLEANUP(points_done) struct points p = { NULL, 0, 0 };
	const char *type = request_header(r, "Content-Type");
	size_t added = 0, minutes = 0;
	bool dry_run;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = api_tier_of_path(r, &t, err);
	if (rc == 0)
		rc = type && strncasecmp(type, "application/json", 16) == 0
			     ? read_json(r, &p, err)
			     : read_csv(&p, buf_str(&r->body), err);
	if (rc == 0 && p.n == 0)
		rc = err_set(err, ERR_INVAL, "there is no value in the body");
	if (rc == 0)
		rc = import(r, &p, dry_run, &added, &minutes, err);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		api_event(r, "history-imported", t.stack, t.name, "",
			  "%s imported %zu values for %s/%s", r->who, p.n, t.stack,
			  t.name);
		api_poke(r, "history");
	}
	reply_json(r, 200,
		   json_pack("{s:I, s:I, s:I, s:o, s:o, s:b}", "values", (json_int_t)p.n,
			     "minutes", (json_int_t)minutes, "added", (json_int_t)added,
			     "from", json_time(p.v[0].t_ms), "to",
			     json_time(p.v[p.n - 1].t_ms), "applied", !dry_run));
	return 0;
}
