/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * play.c - foretide play: sends requests to a site at the rates of a trace, and counts
 * the answers.
 */
#include "buf.h"
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "load.h"
#include "text.h"

#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SLICE_MS 50
#define REPORT_MS 1000
#define DRAIN_MS 10000 /* at the end, for requests in flight */

struct play {
	/* options */
	const char *trace, *service, *target;
	double peak_rps, fresh_ratio, scale;
	int64_t start_ms, length_ms; /* calendar, within the trace */
	bool json, list;
	struct args client_args;
	/* in use */
	struct profile *profile;
	struct load *load;
	struct targets *targets; /* of a service; NULL: a fixed target */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signo)
{
	(void)signo;
	interrupted = 1;
}

static const char *const paths[] = { "/",           "/?p=4",      "/?p=5",  "/?p=6",
				     "/?p=7",       "/?p=8",      "/?p=9",  "/?p=10",
				     "/?page_id=2", "/?m=202601", "/feed/", NULL };

/* ---------------------------------------------------------------- reports */

static json_t *stats_json(const struct play *p, int64_t offset_ms, double rate)
{
	const struct load_stats *s = load_stats(p->load);

	return json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:s}",
			 "offset_ms", (json_int_t)offset_ms, "rate", rate, "sent",
			 (json_int_t)s->sent, "ok", (json_int_t)s->ok, "failed",
			 (json_int_t)s->failed, "moved", (json_int_t)s->moved, "skipped",
			 (json_int_t)s->skipped, "in_flight", (json_int_t)s->in_flight,
			 "p50_s", latency_quantile(&s->latency, 0.5), "p95_s",
			 latency_quantile(&s->latency, 0.95), "p99_s",
			 latency_quantile(&s->latency, 0.99), "last_failure",
			 s->last_failure);
}

static void report(const struct play *p, int64_t offset_ms, double rate)
{
	const struct load_stats *s = load_stats(p->load);

	if (p->json) {
		CLEANUP(json_decref) json_t *doc = stats_json(p, offset_ms, rate);

		json_dumpf(doc, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
		putchar('\n');
	} else {
		printf("\r%6.1f requests/s to %zu targets; %llu answered, %llu failed, "
		       "p50 "
		       "%.0f ms, p99 %.0f ms  ",
		       rate, load_targets(p->load), (unsigned long long)s->ok,
		       (unsigned long long)s->failed,
		       1e3 * latency_quantile(&s->latency, 0.5),
		       1e3 * latency_quantile(&s->latency, 0.99));
	}
	fflush(stdout);
}

/* ---------------------------------------------------------------- playing */

static int run_load(struct play *p, struct err *err)
{
	int64_t began = clock_mono_ms(), next_report = began, offset = 0;

	while (!interrupted && offset < p->length_ms) {
		double rate = profile_rate(p->profile, p->start_ms + offset);
		int rc;

		if (p->targets)
			targets_apply(p->targets, p->load);
		rc = load_run(p->load, SLICE_MS, load_targets(p->load) ? rate : 0, err);
		if (rc < 0)
			return rc;
		if (clock_mono_ms() >= next_report) {
			report(p, offset, rate);
			next_report += REPORT_MS;
		}
		offset = (int64_t)((double)(clock_mono_ms() - began) * p->scale);
	}
	for (int64_t until = clock_mono_ms() + DRAIN_MS;
	     load_stats(p->load)->in_flight && clock_mono_ms() < until;) {
		int rc = load_run(p->load, SLICE_MS, 0, err);

		if (rc < 0)
			return rc;
	}
	report(p, offset, 0);
	if (!p->json)
		putchar('\n');
	return 0;
}

static int with_targets(struct play *p, struct err *err)
{
	int rc;

	if (!p->service) {
		load_set_targets(p->load, &p->target, 1);
		return run_load(p, err);
	}
	rc = targets_start(&p->client_args, p->service, &p->targets, err);
	if (rc == 0)
		rc = run_load(p, err);
	targets_stop(p->targets);
	p->targets = NULL;
	return rc;
}

/* The rates of the trace: "offset_s,requests_per_second" for every minute. */
static int list_rates(const struct play *p, struct err *err)
{
	CLEANUP(profile_free) struct profile *profile = NULL;
	int rc = profile_open(p->trace, p->peak_rps, &profile, err);

	if (rc < 0)
		return rc;
	for (int64_t ms = 0; ms < profile_length_ms(profile); ms += 60000)
		printf("%lld,%.6g\n", (long long)(ms / 1000),
		       profile_rate(profile, ms + 30000));
	return 0;
}

static int play(struct play *p, struct err *err)
{
	struct load_opts opts = {
		.timeout_ms = 60000,
		.in_flight_max = 1024,
		.paths = paths,
		.fresh_ratio = p->fresh_ratio,
	};
	int rc = profile_open(p->trace, p->peak_rps, &p->profile, err);

	if (rc == 0)
		rc = load_new(&opts, &p->load, err);
	if (rc == 0)
		rc = with_targets(p, err);
	if (rc == 0 && load_stats(p->load)->sent == 0)
		rc = err_set(err, ERR_UNAVAIL, "no target was found");
	if (rc == 0 && (load_stats(p->load)->failed || load_stats(p->load)->skipped))
		rc = err_set(err, ERR_UNAVAIL,
			     "%llu requests failed and %llu were not sent%s%s",
			     (unsigned long long)load_stats(p->load)->failed,
			     (unsigned long long)load_stats(p->load)->skipped,
			     load_stats(p->load)->failed ? "; the last to fail: " : "",
			     load_stats(p->load)->last_failure);
	load_free(p->load);
	profile_free(p->profile);
	return rc;
}

/* ---------------------------------------------------------------- the command line */

static const struct option options[] = {
	{ "trace", required_argument, NULL, 't' },
	{ "service", required_argument, NULL, 's' },
	{ "target", required_argument, NULL, 'a' },
	{ "peak", required_argument, NULL, 'p' },
	{ "fresh", required_argument, NULL, 'f' },
	{ "time-scale", required_argument, NULL, 'x' },
	{ "start", required_argument, NULL, 'b' },
	{ "for", required_argument, NULL, 'l' },
	{ "url", required_argument, NULL, 'u' },
	{ "token-file", required_argument, NULL, 'T' },
	{ "ca", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "list", no_argument, NULL, 'L' },
	{ NULL, 0, NULL, 0 },
};

static int set_number(struct play *p, int option, const char *text, struct err *err)
{
	switch (option) {
	case 'p':
		return conf_parse_number(text, &p->peak_rps, err);
	case 'f':
		return conf_parse_number(text, &p->fresh_ratio, err);
	case 'x':
		return conf_parse_number(text, &p->scale, err);
	case 'b':
		return clock_parse_duration(text, &p->start_ms, err);
	default:
		return clock_parse_duration(text, &p->length_ms, err);
	}
}

static int set_option(struct play *p, int option, struct err *err)
{
	switch (option) {
	case 't':
		p->trace = optarg;
		return 0;
	case 's':
		p->service = optarg;
		return 0;
	case 'a':
		p->target = optarg;
		return 0;
	case 'u':
		p->client_args.url = optarg;
		return 0;
	case 'T':
		p->client_args.token_file = optarg;
		return 0;
	case 'c':
		p->client_args.ca = optarg;
		return 0;
	case 'j':
		p->json = true;
		return 0;
	case 'L':
		p->list = true;
		return 0;
	default:
		return set_number(p, option, optarg, err);
	}
}

static int read_options(struct play *p, int argc, char **argv, struct err *err)
{
	int option, at = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (option == '?')
			return err_set(err, ERR_INVAL,
				       "%s is not an option, or lacks its value",
				       argv[optind - 1]);
		if (set_option(p, option, err) < 0)
			return err_wrap(err, ERR_INVAL, "--%s", options[at].name);
	}
	if ((!p->list && !p->service == !p->target) || optind != argc)
		return err_set(err, ERR_INVAL,
			       "either --service STACK/SERVICE or --target HOST:PORT");
	if (p->service && !strchr(p->service, '/'))
		return err_set(err, ERR_INVAL,
			       "--service: '%s' is not STACK/SERVICE, such as shop/web",
			       p->service);
	if (p->peak_rps <= 0 || p->scale < 1 || p->fresh_ratio < 0 || p->fresh_ratio > 1)
		return err_set(
			err, ERR_INVAL,
			"--peak must be above 0, --time-scale at least 1, --fresh from "
			"0 to 1");
	return 0;
}

int cli_play(int argc, char **argv)
{
	struct play p = {
		.peak_rps = 10,
		.fresh_ratio = 0.5,
		.scale = 1,
		.length_ms = INT64_MAX,
	};
	struct err err;

	p.client_args.command = argv[0];
	if (read_options(&p, argc, argv, &err) < 0)
		return cli_fail(EXIT_USAGE, argv[0], "%s", err.msg);
	if (p.list)
		return client_exit(&p.client_args, list_rates(&p, &err), &err);
	interrupted = 0;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	return client_exit(&p.client_args, play(&p, &err), &err);
}
