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
	int64_t play_ms;
	bool has_risk, has_price;
	struct policy_settings tier;
};

/* What each risk and each dwell would come to, with the rest as it is. */
static void print_others(const struct judge_report *r)
{
	char text[CLOCK_TEXT];

	printf("\n%-10s %10s %10s %10s\n", "risk", "cost", "time short", "actions");
	for (int k = 0; k < JUDGE_RISKS; k++)
		printf("%8.1f %% %10.3f %8.3f %% %10zu\n", 100 * r->risk[k].risk,
		       r->risk[k].cost, 100 * r->risk[k].short_share, r->risk[k].actions);
	printf("\n%-10s %10s %10s %10s\n", "dwell", "cost", "time short", "actions");
	for (int k = 0; k < JUDGE_DWELLS; k++)
		printf("%-10s %10.3f %8.3f %% %10zu\n",
		       clock_format_duration(r->dwell[k].dwell_ms, text),
		       r->dwell[k].cost, 100 * r->dwell[k].short_share,
		       r->dwell[k].actions);
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
	svg_backtest(out, r, w->tier.capacity, s->t0_ms + (int64_t)r->from * s->step_ms,
		     s->step_ms);
	if (fclose(out) != 0)
		return cli_fail(EXIT_FAILED, "backtest", "%s cannot be written", w->svg);
	printf("\nchart: %s\n", w->svg);
	return EXIT_OK;
}

static void print_head(const struct options *w, const struct series *s,
		       const struct judge_report *r)
{
	char step[CLOCK_TEXT], boot[CLOCK_TEXT], dwell[CLOCK_TEXT], unit[CLOCK_TEXT];

	printf("%s: %zu steps of %s simulated after %zu of history (%zu missing); boot "
	       "%s, dwell %s, action price %g instance-minutes, ",
	       w->file, r->n, clock_format_duration(s->step_ms, step), r->from,
	       s->missing, clock_format_duration(w->tier.lead_ms, boot),
	       clock_format_duration(w->tier.dwell_ms, dwell), w->tier.action_price);
	if (w->tier.billing_ms > 0)
		printf("paid by %s begun, ",
		       clock_format_duration(w->tier.billing_ms, unit));
	if (w->tier.billing_min_ms > 0)
		printf("at least %s, ",
		       clock_format_duration(w->tier.billing_min_ms, unit));
	if (w->tier.mode != DECIDE_AUTO)
		printf("mode %s, ", decide_mode_name(w->tier.mode));
	if (w->tier.max >= 0)
		printf("%lld to %lld instances, ", (long long)w->tier.min,
		       (long long)w->tier.max);
	if (w->tier.price > 0)
		printf("a minute short of capacity costs %g instance-hours\n\n",
		       w->tier.price);
	else
		printf("risk %g %%\n\n", 100 * w->tier.risk);
}

/* What no policy could help. */
static void print_bounds(const struct options *w, const struct judge_report *r)
{
	if (r->bound_short[JUDGE_MAX] > 0)
		printf("\nThe maximum of %lld alone leaves it short %.2f %% of the time; "
		       "%zu are needed at most.\n",
		       (long long)w->tier.max, 100 * r->bound_short[JUDGE_MAX],
		       r->most_needed);
	if (r->floor_cost > 1.005)
		printf("\nThe minimum of %lld alone costs %.2f times what demand "
		       "needs.\n",
		       (long long)w->tier.min, r->floor_cost);
}

static int run(const struct options *w)
{
	CLEANUP(series_done) struct series s = { 0 };
	CLEANUP(file_events_done) struct file_events e = { 0 };
	CLEANUP(judge_report_free) struct judge_report *r = NULL;
	struct err err;
	int shown = -1, rc;

	rc = series_open(w->file, &s, &err);
	if (rc < 0)
		return cli_exit("backtest", rc, &err);

	const size_t play = (size_t)(w->play_ms / s.step_ms);
	const int64_t from_ms =
		s.t0_ms + (int64_t)judge_from(s.n, s.step_ms, play) * s.step_ms;

	rc = file_events_read(w->events, w->timezone, &s, from_ms,
			      s.t0_ms + (int64_t)s.n * s.step_ms, &e, &err);
	if (rc < 0)
		return cli_exit("backtest", rc, &err);

	const struct judge_question q = {
		.y = s.y,
		.n = s.n,
		.t0_ms = s.t0_ms,
		.step_ms = s.step_ms,
		.settings = w->tier,
		.play = play,
		.events = e.was,
		.n_events = e.n,
		.progress = isatty(STDERR_FILENO) ? progress_show : NULL,
		.arg = &shown,
	};

	if (judge_backtest(&q, &r, &err) != 0)
		return cli_fail(EXIT_FAILED, "backtest", "%s: %s", w->file, err.msg);
	print_head(w, &s, r);
	file_events_print(&e, from_ms);
	backtest_print(r->row);
	print_bounds(w, r);
	print_others(r);
	print_coverage(r, s.step_ms);
	return w->svg ? draw(w, &s, r) : EXIT_OK;
}

static int read_count(const char *text, int64_t *ret, struct err *err)
{
	double v = 0;
	int rc = conf_parse_number(text, &v, err);

	if (rc == 0 && !(v >= 0 && v <= 1e6 && v == floor(v)))
		return err_set(err, ERR_INVAL, "'%s' is not a number of instances", text);
	if (rc == 0)
		*ret = (int64_t)v;
	return rc;
}

/* The settings of a tier. */
static int read_setting(int c, const char *text, struct options *w, struct err *err)
{
	switch (c) {
	case 'b':
		return clock_parse_duration(text, &w->tier.lead_ms, err);
	case 'd':
		return clock_parse_duration(text, &w->tier.dwell_ms, err);
	case 'B':
		return clock_parse_duration(text, &w->tier.billing_ms, err);
	case 'L':
		return clock_parse_duration(text, &w->tier.billing_min_ms, err);
	case 'r':
		w->has_risk = true;
		return conf_parse_number(text, &w->tier.risk, err);
	case 'P':
		w->has_price = true;
		return conf_parse_number(text, &w->tier.price, err);
	case 'c':
		return conf_parse_number(text, &w->tier.capacity, err);
	case 'a':
		return conf_parse_number(text, &w->tier.action_price, err);
	case 'm':
		return read_count(text, &w->tier.min, err);
	case 'M':
		return read_count(text, &w->tier.max, err);
	case 'o':
		return read_count(text, &w->tier.step_out_max, err);
	case 'i':
		return read_count(text, &w->tier.step_in_max, err);
	default:
		return decide_mode_parse(text, &w->tier.mode, err);
	}
}

static int read_option(int c, const char *text, struct options *w, struct err *err)
{
	switch (c) {
	case 'p':
		return clock_parse_duration(text, &w->play_ms, err);
	case 'e':
		w->events = text;
		return 0;
	case 'z':
		w->timezone = text;
		return 0;
	case 's':
		w->svg = text;
		return 0;
	default:
		return read_setting(c, text, w, err);
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
		{ "dwell", required_argument, NULL, 'd' },
		{ "action-price", required_argument, NULL, 'a' },
		{ "billing", required_argument, NULL, 'B' },
		{ "billing-min", required_argument, NULL, 'L' },
		{ "min", required_argument, NULL, 'm' },
		{ "max", required_argument, NULL, 'M' },
		{ "step-out", required_argument, NULL, 'o' },
		{ "step-in", required_argument, NULL, 'i' },
		{ "mode", required_argument, NULL, 'n' },
		{ "svg", required_argument, NULL, 's' },
		{ "events", required_argument, NULL, 'e' },
		{ "timezone", required_argument, NULL, 'z' },
		{ NULL, 0, NULL, 0 },
	};
	struct options w = { .timezone = "UTC",
			     .tier = { .risk = RISK,
				       .lead_ms = 180000,
				       .mode = DECIDE_AUTO,
				       .min = 1,
				       .max = -1,
				       .dwell_ms = POLICY_DWELL_MS,
				       .action_price = POLICY_ACTION_PRICE } };
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
	if (w.has_price && !(w.tier.price > 0))
		return cli_fail(EXIT_USAGE, "backtest",
				"--price: give the instance-hours that a minute short of "
				"capacity costs");
	if (w.has_risk && w.has_price)
		return cli_fail(EXIT_USAGE, "backtest",
				"--price replaces --risk: give only one of them");
	if (!(w.tier.capacity > 0))
		return cli_fail(EXIT_USAGE, "backtest",
				"--capacity: give the demand that one instance serves");
	w.file = argv[optind];
	return run(&w);
}
