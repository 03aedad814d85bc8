/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonl.c - forecasts of series that come as JSON lines.
 *
 * in:  {"id":"a","step":3600,"seasons":[24,168],"horizon":48,
 *       "levels":[0.025,0.5,0.975],"history":[...]}               null: missing
 * out: {"id":"a","mean":[...],"quantiles":[[...] for each level],"held":[...]}
 * in:  {"type":"end"} ends it, as does the end of the input
 *
 * Without "seasons" they are looked for.
 */
#include "check.h"
#include "cleanup.h"
#include "client.h"
#include "forecasts.h"
#include "horizon.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEVELS_MAX 100

struct request {
	double *y;
	size_t n;
	double levels[LEVELS_MAX];
	struct horizon_opts opts;
};

static int read_numbers(const json_t *msg, const char *name, double *ret, size_t max,
			size_t *ret_n, struct err *err)
{
	const json_t *list = json_object_get(msg, name);
	const size_t n = json_array_size(list);

	if (!json_is_array(list))
		return err_set(err, ERR_INVAL, "%s is not an array", name);
	if (n > max)
		return err_set(err, ERR_LIMIT, "%s has more than %zu values", name, max);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_number(v) && !json_is_null(v))
			return err_set(err, ERR_INVAL, "%s[%zu] is not a number", name,
				       i);
		ret[i] = json_is_null(v) ? NAN : json_number_value(v);
	}
	*ret_n = n;
	return 0;
}

static int read_seasons(const json_t *msg, struct request *q, struct err *err)
{
	double s[HORIZON_SEASONS];
	size_t n = 0;
	double step_s = 60;
	struct period found[HORIZON_SEASONS];

	int rc = jread_num_opt(msg, "step", &step_s, err);

	if (rc == 0 && !(step_s >= 1 && step_s <= 86400 * 366.0))
		return err_set(err, ERR_INVAL, "step is not 1 s or more");
	if (rc == 0 && !json_object_get(msg, "seasons")) {
		const int64_t step_ms = llround(step_s * 1000);

		n = seasons_find(q->y, q->n, step_ms, found);
		seasons_choose(found, n, q->n, step_ms, q->opts.seasons);
		return 0;
	}
	if (rc == 0)
		rc = read_numbers(msg, "seasons", s, HORIZON_SEASONS, &n, err);

	for (size_t k = 0; rc == 0 && k < n; k++) {
		if (!(s[k] >= 2 && s[k] <= 1e7))
			return err_set(err, ERR_INVAL,
				       "seasons[%zu] is not 2 steps or more", k);
		q->opts.seasons[k] = (size_t)s[k];
	}
	return rc;
}

static int read_request(const json_t *msg, struct request *q, struct err *err)
{
	const size_t n = json_array_size(json_object_get(msg, "history"));
	int64_t h = 0;
	int rc;

	q->y = xcalloc(n + 1, sizeof(*q->y));
	if ((rc = jread_int(msg, "horizon", &h, err)) != 0 ||
	    (rc = read_numbers(msg, "history", q->y, n, &q->n, err)) != 0 ||
	    (rc = read_numbers(msg, "levels", q->levels, LEVELS_MAX, &q->opts.n_levels,
			       err)) != 0 ||
	    (rc = read_seasons(msg, q, err)) != 0)
		return rc;
	q->opts.h = (size_t)MAX(h, 0);
	q->opts.levels = q->levels;
	return 0;
}

static void print_numbers(const double *x, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		putchar(j ? ',' : '[');
		if (isnan(x[j]))
			printf("null");
		else
			printf("%.8g", x[j]);
	}
	putchar(']');
}

static void print_answer(const json_t *id, const struct horizon *f)
{
	CLEANUP(free) char *name = json_dumps(id ? id : json_null(), JSON_ENCODE_ANY);

	printf("{\"id\":%s,\"method\":\"%s\",\"mean\":", name, f->method);
	print_numbers(f->mean, f->h);
	printf(",\"quantiles\":[");
	for (size_t k = 0; k < f->n_levels; k++) {
		if (k)
			putchar(',');
		print_numbers(f->q + k * f->h, f->h);
	}
	printf("],\"held\":");
	print_numbers(f->held, f->h);
	puts("}");
}

static int on_line(const char *line, size_t len, bool *ret_end, struct err *err)
{
	CLEANUP(json_decref) json_t *msg = NULL;
	CLEANUP(horizon_free) struct horizon *f = NULL;
	struct request q = { 0 };
	const char *type = "";
	int rc;

	if ((rc = json_parse(line, len, "line", &msg, err)) != 0 ||
	    (rc = jread_str_opt(msg, "type", &type, err)) != 0)
		return rc;
	if (strcmp(type, "end") == 0) {
		*ret_end = true;
		return 0;
	}
	rc = read_request(msg, &q, err);
	if (rc == 0)
		rc = horizon_forecast(q.y, q.n, &q.opts, &f, err);
	free(q.y);
	if (rc == 0)
		print_answer(json_object_get(msg, "id"), f);
	return rc;
}

int forecast_jsonl(void)
{
	CLEANUP(free) char *line = NULL;
	struct err err;
	size_t cap = 0;
	ssize_t len;
	bool end = false;
	int rc = 0;

	while (!end && rc == 0 && (len = getline(&line, &cap, stdin)) > 0) {
		rc = on_line(line, (size_t)len, &end, &err);
		if (fflush(stdout) != 0)
			break;
	}
	return rc == 0 ? EXIT_OK : cli_fail(EXIT_FAILED, "forecast", "%s", err.msg);
}
