/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forecasts.h"

#include "check.h"
#include "cleanup.h"
#include "client.h"
#include "clock.h"
#include "files.h"
#include "horizon.h"
#include "lines.h"
#include "output.h"
#include "text.h"

#include <math.h>
#include <string.h>

#define LINES 50

static const double levels[] = { 0.025, 0.1, 0.5, 0.9, 0.975 };

/* A file and its forecast. */
struct prospect {
	const struct forecast_options *w;
	struct series s;
	struct file_events e;
	struct outlook o;
	int64_t end_ms; /* of the series: the first step ahead */
	size_t every;   /* one of so many steps is printed */
};

static void prospect_done(struct prospect *p)
{
	series_done(&p->s);
	file_events_done(&p->e);
	outlook_done(&p->o);
}
DEFINE_CLEANUP_OBJECT(struct prospect, prospect_done);

/* ---------------------------------------------------------------- making it */

/* Removes the effect of events from the series. */
static void divide(const struct series *s, const struct file_events *e, double *ret)
{
	uplift_factors(e->was, e->n, s->t0_ms, s->step_ms, ret, s->n);
	for (size_t i = 0; i < s->n; i++)
		ret[i] = s->y[i] / ret[i];
}

static int make(struct prospect *p, struct err *err)
{
	const struct forecast_options *w = p->w;
	struct series *s = &p->s;
	const size_t h = (size_t)((w->horizon_ms + s->step_ms - 1) / s->step_ms);
	CLEANUP(free) double *ordinary = xcalloc(s->n + 1, sizeof(*ordinary));
	int rc = file_events_read(w->events, w->timezone, s, p->end_ms,
				  p->end_ms + w->horizon_ms, &p->e, err);

	if (rc != 0)
		return rc;
	divide(s, &p->e, ordinary);

	const struct uplift_series of = { ordinary, s->n, s->t0_ms, s->step_ms,
					  p->e.zone };
	struct horizon *f;

	rc = outlook_make(&of, h, levels, ARRAY_SIZE(levels), &p->o, err);
	if (rc != 0)
		return err_wrap(err, rc, "%s", w->file);
	f = p->o.f;
	uplift_forecast(p->e.expected, p->e.n, p->end_ms, s->step_ms, levels, f->n_levels,
			f->mean, f->q, f->h);
	return 0;
}

/* The shortest round time that the steps divide and that takes no more than LINES lines,
 * in steps. */
static size_t round_steps(size_t h, int64_t step_ms)
{
	static const int minutes[] = { 1,   5,   10,  15,  30,   60,
				       120, 180, 360, 720, 1440, 10080 };
	const size_t least = (h + LINES - 1) / LINES;

	for (size_t k = 0; least > 1 && k < ARRAY_SIZE(minutes); k++) {
		const int64_t ms = minutes[k] * INT64_C(60000);

		if (ms % step_ms == 0 && (size_t)(ms / step_ms) >= least)
			return (size_t)(ms / step_ms);
	}
	return least;
}

static int choose_every(struct prospect *p, struct err *err)
{
	const int64_t step_ms = p->s.step_ms, every_ms = p->w->every_ms;
	char text[CLOCK_TEXT], step[CLOCK_TEXT];

	if (every_ms % step_ms != 0)
		return err_set(err, ERR_INVAL,
			       "--every: %s is not a multiple of the file's step of %s",
			       clock_format_duration(every_ms, text),
			       clock_format_duration(step_ms, step));
	if (every_ms > 0)
		p->every = (size_t)(every_ms / step_ms);
	else
		p->every = p->w->json ? 1 : round_steps(p->o.f->h, step_ms);
	return 0;
}

static int64_t time_of(const struct prospect *p, size_t step)
{
	return p->end_ms + (int64_t)step * p->s.step_ms;
}

/* ---------------------------------------------------------------- as a table */

static void print_seasons(const struct prospect *p)
{
	const struct outlook *o = &p->o;

	if (o->n_seasons == 0)
		printf("seasons: none found%s\n",
		       o->assumes_day ? "; a day is assumed until there are three" : "");
	for (size_t k = 0; k < o->n_seasons; k++)
		print_season((int64_t)o->seasons[k].steps * p->s.step_ms,
			     o->seasons[k].correlation);
}

static void print_all_held(const struct prospect *p)
{
	struct outlook_held held[OUTLOOK_HELD];
	const size_t n = outlook_held(&p->o, p->s.step_ms, held);

	for (size_t k = 0; k < n; k++)
		print_held(held[k].ahead_ms, held[k].share);
}

/* Steps that are left out are mentioned. */
static void print_every(const struct prospect *p)
{
	char every[CLOCK_TEXT], step[CLOCK_TEXT];

	if (p->every == 1)
		return;
	clock_format_duration((int64_t)p->every * p->s.step_ms, every);
	clock_format_duration(p->s.step_ms, step);
	printf("a line every %s, of %zu steps of %s (--every %s: all)\n", every,
	       p->o.f->h, step, step);
}

static void print_table(const struct prospect *p)
{
	const struct horizon *f = p->o.f;

	printf("%zu values, %zu missing, %zu repeated\n", p->s.n, p->s.missing,
	       p->s.repeated);
	if (strcmp(p->w->timezone, "UTC") != 0)
		printf("days and hours of %s\n", p->w->timezone);
	print_seasons(p);
	file_events_print(&p->e, p->end_ms);
	printf("method: %s\n", f->method);
	print_all_held(p);
	print_every(p);
	printf("\n%-24s %12s %12s %12s %12s %12s\n", "time", "2.5 %", "10 %", "median",
	       "90 %", "97.5 %");
	for (size_t j = 0; j < f->h; j += p->every) {
		char text[CLOCK_TEXT];

		printf("%s", clock_format(time_of(p, j), text));
		for (size_t k = 0; k < f->n_levels; k++)
			printf(" %12.6g", f->q[k * f->h + j]);
		putchar('\n');
	}
}

/* ---------------------------------------------------------------- as JSON */

static json_t *points_json(const struct prospect *p)
{
	const struct horizon *f = p->o.f;
	json_t *points = json_array();

	for (size_t j = 0; j < f->h; j += p->every) {
		json_t *q = json_array();

		for (size_t k = 0; k < f->n_levels; k++)
			json_array_append_new(q, json_finite(f->q[k * f->h + j]));
		json_array_append_new(
			points,
			json_pack("{s:o, s:o}", "t", json_time(time_of(p, j)), "q", q));
	}
	return points;
}

static void print_json(const struct prospect *p)
{
	json_t *quantiles = json_array();

	for (size_t k = 0; k < ARRAY_SIZE(levels); k++)
		json_array_append_new(quantiles, json_real(levels[k]));

	CLEANUP(json_decref)
	json_t *doc = json_pack(
		"{s:I, s:I, s:I, s:s, s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "values",
		(json_int_t)p->s.n, "missing", (json_int_t)p->s.missing, "repeated",
		(json_int_t)p->s.repeated, "timezone", p->w->timezone, "step_ms",
		(json_int_t)p->every * p->s.step_ms, "levels", quantiles, "seasons",
		outlook_seasons_json(&p->o, p->s.step_ms), "method", p->o.f->method,
		"events", file_events_json(&p->e, p->end_ms), "held",
		outlook_held_json(&p->o, p->s.step_ms), "points", points_json(p));

	client_print(doc);
}

/* ---------------------------------------------------------------- the chart */

/* As much of the past as is ahead, twice. */
static int draw(const struct prospect *p)
{
	const size_t n = MIN(p->s.n, 2 * p->o.f->h);
	FILE *out = fopen(p->w->svg, "we");

	if (!out)
		return cli_fail(EXIT_FAILED, "forecast", "%s cannot be written",
				p->w->svg);
	svg_forecast(out, p->s.y + p->s.n - n, n, p->o.f,
		     p->end_ms - (int64_t)n * p->s.step_ms, p->s.step_ms);
	if (fclose(out) != 0)
		return cli_fail(EXIT_FAILED, "forecast", "%s cannot be written",
				p->w->svg);
	if (!p->w->json)
		printf("\nchart: %s\n", p->w->svg);
	return EXIT_OK;
}

int forecast_file(const struct forecast_options *w)
{
	CLEANUP(prospect_done) struct prospect p = { .w = w };
	struct err err;
	int rc = series_open(w->file, &p.s, &err);

	if (rc < 0)
		return cli_exit("forecast", rc, &err);
	p.end_ms = p.s.t0_ms + (int64_t)p.s.n * p.s.step_ms;
	rc = make(&p, &err);
	if (rc < 0)
		return cli_exit("forecast", rc, &err);
	if (choose_every(&p, &err) != 0)
		return cli_fail(EXIT_USAGE, "forecast", "%s", err.msg);
	if (w->json)
		print_json(&p);
	else
		print_table(&p);
	return w->svg ? draw(&p) : EXIT_OK;
}
