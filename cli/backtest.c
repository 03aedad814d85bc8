/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest.c - foretide backtest: what scaling a recorded demand would have cost.
 */
#include "check.h"
#include "cleanup.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "files.h"
#include "judge.h"
#include "output.h"
#include "text.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define RISK 0.005 /* when neither risk nor price is given */

struct options {
	const char *file, *svg, *events, *timezone;
	int64_t boot_ms, play_ms;
	double risk, price, capacity; /* risk and price: NaN: not given */
};

static void print_frontier(const struct judge_report *r)
{
	printf("\n%-10s %10s %10s\n", "risk", "cost", "time short");
	for (int k = 0; k < JUDGE_RISKS; k++)
		printf("%8.1f %% %10.3f %8.3f %%\n", 100 * r->frontier[k].risk,
		       r->frontier[k].cost, 100 * r->frontier[k].short_share);
}

/* Band by band, lead time by lead time. */
static void print_coverage(const struct judge_report *r, int64_t step_ms)
{
	char text[CLOCK_TEXT];

	printf("\n%-10s", "level");
	for (size_t i = 0; i < r->n_leads; i++)
		printf("  in %7s",
		       clock_format_duration((int64_t)r->lead[i].steps * step_ms, text));
	putchar('\n');
	for (int k = 0; k < DEMAND_BANDS; k++) {
		printf("%8.1f %%", 100 * demand_bands[k]);
		for (size_t i = 0; i < r->n_leads; i++)
			printf(" %9.2f %%", 100 * r->lead[i].coverage[k]);
		putchar('\n');
	}
	puts("\nCoverage promised and achieved: level is the promised quantile of the "
	     "largest demand\nwithin that lead time, the figures the share of steps in "
	     "which it was not exceeded.");
}

static int draw(const struct options *w, const struct series *s,
		const struct judge_report *r)
{
	FILE *out = fopen(w->svg, "we");

	if (!out)
		return cli_fail(EXIT_FAILED, "backtest", "%s cannot be written", w->svg);
	svg_backtest(out, r, w->capacity, s->t0_ms + (int64_t)r->from * s->step_ms,
		     s->step_ms);
	if (fclose(out) != 0)
		return cli_fail(EXIT_FAILED, "backtest", "%s cannot be written", w->svg);
	printf("\nchart: %s\n", w->svg);
	return EXIT_OK;
}

static int run(const struct options *w)
{
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(judge_report_free) struct judge_report *r = NULL;
	char step[CLOCK_TEXT], boot[CLOCK_TEXT];
	struct err err;
	int shown = -1, rc;

	rc = series_open(w->file, &s, &err);
	if (rc < 0)
		return cli_exit("backtest", rc, &err);

	const struct demand_opts o = {
		.step_ms = s.step_ms,
		.n_leads = 1,
		.lead_steps = { (size_t)((w->boot_ms + s.step_ms - 1) / s.step_ms) },
		.risk = isnan(w->risk) ? RISK : w->risk,
		.price = isnan(w->price) ? 0 : w->price,
		.capacity = w->capacity,
	};

	const size_t play = (size_t)(w->play_ms / s.step_ms);
	const int64_t from_ms =
		s.t0_ms + (int64_t)judge_from(s.n, s.step_ms, play) * s.step_ms;

	rc = file_events_read(w->events, w->timezone, &s, from_ms,
			      s.t0_ms + (int64_t)s.n * s.step_ms, &e, &err);
	if (rc < 0)
		return cli_exit("backtest", rc, &err);
	if (judge_backtest_events(s.y, s.n, s.t0_ms, &o, play, e.was, e.n,
				  isatty(STDERR_FILENO) ? progress_show : NULL, &shown,
				  &r, &err) != 0)
		return cli_fail(EXIT_FAILED, "backtest", "%s: %s", w->file, err.msg);
	printf("%s: %zu steps of %s simulated after %zu of history (%zu missing); boot "
	       "%s, ",
	       w->file, r->n, clock_format_duration(s.step_ms, step), r->from, s.missing,
	       clock_format_duration(w->boot_ms, boot));
	if (o.price > 0)
		printf("a minute short of capacity costs %g instance-hours\n\n", o.price);
	else
		printf("risk %g %%\n\n", 100 * o.risk);
	file_events_print(&e, from_ms);
	backtest_print(r->row);
	print_frontier(r);
	print_coverage(r, s.step_ms);
	return w->svg ? draw(w, &s, r) : EXIT_OK;
}

static int read_option(int c, const char *text, struct options *w, struct err *err)
{
	switch (c) {
	case 'b':
		return clock_parse_duration(text, &w->boot_ms, err);
	case 'p':
		return clock_parse_duration(text, &w->play_ms, err);
	case 'r':
		return conf_parse_number(text, &w->risk, err);
	case 'P':
		return conf_parse_number(text, &w->price, err);
	case 'c':
		return conf_parse_number(text, &w->capacity, err);
	case 'e':
		w->events = text;
		return 0;
	case 'z':
		w->timezone = text;
		return 0;
	default:
		w->svg = text;
		return 0;
	}
}

int cli_backtest(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "boot", required_argument, NULL, 'b' },
		{ "play", required_argument, NULL, 'p' },
		{ "risk", required_argument, NULL, 'r' },
		{ "price", required_argument, NULL, 'P' },
		{ "capacity", required_argument, NULL, 'c' },
		{ "svg", required_argument, NULL, 's' },
		{ "events", required_argument, NULL, 'e' },
		{ "timezone", required_argument, NULL, 'z' },
		{ NULL, 0, NULL, 0 },
	};
	struct options w = {
		.boot_ms = 180000, .risk = NAN, .price = NAN, .timezone = "UTC"
	};
	struct err err;
	int c, at = 0;

	while ((c = getopt_long(argc, argv, "", longs, &at)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (read_option(c, optarg, &w, &err) != 0)
			return cli_fail(EXIT_USAGE, "backtest", "--%s: %s",
					longs[at].name, err.msg);
	}
	if (optind + 1 != argc)
		return cli_fail(EXIT_USAGE, "backtest", "give one CSV file");
	if (w.price <= 0)
		return cli_fail(EXIT_USAGE, "backtest",
				"--price: give the instance-hours that a minute short of "
				"capacity costs");
	if (!isnan(w.risk) && !isnan(w.price))
		return cli_fail(EXIT_USAGE, "backtest",
				"--price replaces --risk: give only one of them");
	if (!(w.capacity > 0))
		return cli_fail(EXIT_USAGE, "backtest",
				"--capacity: give the demand that one instance serves");
	w.file = argv[optind];
	return run(&w);
}
