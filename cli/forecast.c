/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecast.c - foretide forecast: of a tier by its controller, of a CSV file, or of what
 * comes as JSON lines.
 *
 * --jsonl, in:  {"id":"a","step":3600,"seasons":[24,168],"horizon":48,
 *                "levels":[0.025,0.5,0.975],"history":[...]}      null: missing
 *         out:  {"id":"a","mean":[...],"quantiles":[[...] for each level]}
 *         in:   {"type":"end"} ends it, as does the end of the input
 * Without "seasons" they are looked for.
 */
#include "check.h"
#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "file_events.h"
#include "gaps.h"
#include "horizon.h"
#include "json.h"
#include "period.h"
#include "series.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEVELS_MAX 100

/* ---------------------------------------------------------------- JSON lines */

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
			return err_set(err, ERR_INVAL, "%s[%zu] is no number", name, i);
		ret[i] = json_is_null(v) ? NAN : json_number_value(v);
	}
	*ret_n = n;
	return 0;
}

/* The clearest season, and one that is a multiple of it; a week goes with a day. */
static void use_seasons(const struct period *found, size_t n_found, size_t day, size_t n,
			struct horizon_opts *o)
{
	const struct period *first = NULL;

	for (size_t k = 0; k < n_found; k++)
		if (!first || found[k].correlation > first->correlation)
			first = found + k;
	if (!first)
		return;
	o->seasons[0] = first->steps;
	for (size_t k = 0; k < n_found; k++)
		if (found[k].steps > first->steps && found[k].steps % first->steps == 0)
			o->seasons[1] = found[k].steps;
	if (first->steps == day && n >= 21 * day)
		o->seasons[1] = 7 * day;
}

static void find_seasons(const double *y, size_t n, int64_t step_ms,
			 struct horizon_opts *o, struct period *found, size_t *n_found)
{
	const size_t day = (size_t)(86400000 / step_ms);
	const size_t usual[] = { day, 7 * day };
	CLEANUP(free) double *x = xcalloc(n + 1, sizeof(*x));

	*n_found = gaps_fill(x, y, n) ? period_find(x, n, usual, day >= 4 ? 2 : 0, found,
						    HORIZON_SEASONS)
				      : 0;
	use_seasons(found, *n_found, day, n, o);
}

static int read_seasons(const json_t *msg, struct request *q, struct err *err)
{
	double s[HORIZON_SEASONS];
	size_t n = 0, found_n;
	double step_s = 60;
	struct period found[HORIZON_SEASONS];

	int rc = jread_num_opt(msg, "step", &step_s, err);

	if (rc == 0 && !(step_s >= 1 && step_s <= 86400 * 366.0))
		return err_set(err, ERR_INVAL, "step is not 1 s or more");
	if (rc == 0 && !json_object_get(msg, "seasons")) {
		find_seasons(q->y, q->n, llround(step_s * 1000), &q->opts, found,
			     &found_n);
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
	for (size_t j = 0; j < n; j++)
		printf("%s%.8g", j ? "," : "[", x[j]);
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
	puts("]}");
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

static int run_jsonl(void)
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

/* ---------------------------------------------------------------- for people */

static void print_seasons(const struct period *p, size_t n, int64_t step_ms)
{
	if (n == 0)
		puts("seasons: none found");
	for (size_t k = 0; k < n; k++) {
		char text[CLOCK_TEXT];

		printf("season: %s (correlation %.2f)\n",
		       clock_format_duration((int64_t)p[k].steps * step_ms, text),
		       p[k].correlation);
	}
}

struct wish {
	const char *file, *events, *timezone;
	int64_t horizon_ms;
	bool jsonl;
};

static void print_points(const struct series *s, const struct horizon *f)
{
	for (size_t j = 0; j < f->h; j++) {
		char text[CLOCK_TEXT];

		printf("%s",
		       clock_format(s->t0_ms + (int64_t)(s->n + j) * s->step_ms, text));
		for (size_t k = 0; k < f->n_levels; k++)
			printf(" %12.6g", f->q[k * f->h + j]);
		putchar('\n');
	}
}

/* What events did is taken out of the series: what is left has its seasons alone. */
static void divide(struct series *s, const struct file_events *e)
{
	CLEANUP(free) double *u = xcalloc(s->n + 1, sizeof(*u));

	uplift_factors(e->was, e->n, s->t0_ms, s->step_ms, u, s->n);
	for (size_t i = 0; i < s->n; i++)
		s->y[i] /= u[i];
}

static int run_csv(const struct wish *w)
{
	static const double levels[] = { 0.025, 0.1, 0.5, 0.9, 0.975 };
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(horizon_free) struct horizon *f = NULL;
	struct period found[HORIZON_SEASONS];
	size_t n_found = 0;
	struct err err;
	int rc;

	rc = series_open(w->file, &s, &err);
	if (rc < 0)
		return cli_exit("forecast", rc, &err);

	const int64_t end_ms = s.t0_ms + (int64_t)s.n * s.step_ms;
	struct horizon_opts o = {
		.h = (size_t)((w->horizon_ms + s.step_ms - 1) / s.step_ms),
		.levels = levels,
		.n_levels = ARRAY_SIZE(levels),
	};

	rc = file_events_read(w->events, w->timezone, &s, end_ms, end_ms + w->horizon_ms,
			      &e, &err);
	if (rc < 0)
		return cli_exit("forecast", rc, &err);
	divide(&s, &e);
	find_seasons(s.y, s.n, s.step_ms, &o, found, &n_found);
	if (horizon_forecast(s.y, s.n, &o, &f, &err) != 0)
		return cli_fail(EXIT_FAILED, "forecast", "%s: %s", w->file, err.msg);
	uplift_forecast(e.expected, e.n, end_ms, s.step_ms, levels, f->n_levels, f->mean,
			f->q, f->h);
	printf("%zu values, %zu missing, %zu repeated\n", s.n, s.missing, s.repeated);
	print_seasons(found, n_found, s.step_ms);
	file_events_print(&e, end_ms);
	printf("method: %s\n\n%-24s %12s %12s %12s %12s %12s\n", f->method, "time",
	       "2.5 %", "10 %", "median", "90 %", "97.5 %");
	print_points(&s, f);
	return EXIT_OK;
}

static bool names_tier(const char *arg)
{
	const size_t n = strlen(arg);
	FILE *f = n > 4 && strcmp(arg + n - 4, ".csv") == 0 ? NULL : fopen(arg, "re");

	if (f)
		fclose(f);
	return !f && strchr(arg, '/') && !(n > 4 && strcmp(arg + n - 4, ".csv") == 0);
}

/* STACK/TIER among the arguments; a zone's name is no tier. */
static bool is_of_tier(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && strcmp(argv[i - 1], "--timezone") != 0 &&
		    strcmp(argv[i - 1], "--events") != 0 && names_tier(argv[i]))
			return true;
	return false;
}

static int read_wish(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {
		{ "jsonl", no_argument, NULL, 'j' },
		{ "horizon", required_argument, NULL, 'h' },
		{ "events", required_argument, NULL, 'e' },
		{ "timezone", required_argument, NULL, 'z' },
		{ NULL, 0, NULL, 0 },
	};
	struct err err;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'j')
			w->jsonl = true;
		if (c == 'e')
			w->events = optarg;
		if (c == 'z')
			w->timezone = optarg;
		if (c == 'h' &&
		    (clock_parse_duration(optarg, &w->horizon_ms, &err) != 0 ||
		     w->horizon_ms <= 0))
			return cli_fail(EXIT_USAGE, "forecast",
					"--horizon: '%s' is no duration like 48h",
					optarg);
	}
	w->file = argv[optind];
	return EXIT_OK;
}

int cli_forecast(int argc, char **argv)
{
	struct wish w = { .horizon_ms = 48 * 3600000LL, .timezone = "UTC" };
	int rc;

	if (is_of_tier(argc, argv))
		return cli_tier_forecast(argc, argv);
	rc = read_wish(argc, argv, &w);
	if (rc != EXIT_OK)
		return rc;
	if (w.jsonl && optind == argc && !w.events)
		return run_jsonl();
	if (w.jsonl || optind + 1 != argc)
		return cli_fail(EXIT_USAGE, "forecast",
				"name one tier or one CSV file, or say --jsonl alone");
	return run_csv(&w);
}
