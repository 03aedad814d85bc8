/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecast.c - foretide forecast: of a tier by its controller, of a CSV file, or of what
 * comes as JSON lines.
 */
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "forecasts.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static bool names_tier(const char *arg)
{
	const size_t n = strlen(arg);
	FILE *f = n > 4 && strcmp(arg + n - 4, ".csv") == 0 ? NULL : fopen(arg, "re");

	if (f)
		fclose(f);
	return !f && strchr(arg, '/') && !(n > 4 && strcmp(arg + n - 4, ".csv") == 0);
}

/* Options of a file whose values may look like a tier: a zone's name, a path. */
static bool takes_path(const char *option)
{
	return strcmp(option, "--timezone") == 0 || strcmp(option, "--events") == 0 ||
	       strcmp(option, "--svg") == 0;
}

/* STACK/TIER among the arguments. */
static bool is_of_tier(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && !takes_path(argv[i - 1]) && names_tier(argv[i]))
			return true;
	return false;
}

static int read_duration(const char *option, const char *text, int64_t *ret)
{
	struct err err;

	if (clock_parse_duration(text, ret, &err) != 0 || *ret <= 0)
		return cli_fail(EXIT_USAGE, "forecast",
				"%s: '%s' is not a duration such as 48h", option, text);
	return EXIT_OK;
}

static int read_options(int argc, char **argv, struct forecast_options *w, bool *jsonl)
{
	static const struct option longs[] = {
		{ "jsonl", no_argument, NULL, 'j' },
		{ "json", no_argument, NULL, 'o' },
		{ "horizon", required_argument, NULL, 'h' },
		{ "every", required_argument, NULL, 'k' },
		{ "events", required_argument, NULL, 'e' },
		{ "timezone", required_argument, NULL, 'z' },
		{ "svg", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c, rc = EXIT_OK;

	while (rc == EXIT_OK && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'j')
			*jsonl = true;
		if (c == 'o')
			w->json = true;
		if (c == 'e')
			w->events = optarg;
		if (c == 'z')
			w->timezone = optarg;
		if (c == 's')
			w->svg = optarg;
		if (c == 'h')
			rc = read_duration("--horizon", optarg, &w->horizon_ms);
		if (c == 'k')
			rc = read_duration("--every", optarg, &w->every_ms);
	}
	w->file = argv[optind];
	return rc;
}

int cli_forecast(int argc, char **argv)
{
	struct forecast_options w = { .horizon_ms = 48 * 3600000LL, .timezone = "UTC" };
	bool jsonl = false;
	int rc;

	if (is_of_tier(argc, argv))
		return forecast_tier(argc, argv);
	rc = read_options(argc, argv, &w, &jsonl);
	if (rc != EXIT_OK)
		return rc;
	if (jsonl && optind == argc && !w.events && !w.svg && !w.json && !w.every_ms)
		return forecast_jsonl();
	if (jsonl || optind + 1 != argc)
		return cli_fail(EXIT_USAGE, "forecast",
				"give one tier or one CSV file, or only --jsonl");
	return forecast_file(&w);
}
