/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - the sub-commands that show one thing in words: status, explain, logs,
 * events, and the forecast of a tier.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "forecasts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int fetch(const struct args *a, const char *path, json_t **ret, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	int rc = client_init(&c, a, err);

	return rc == 0 ? client_get(&c, path, ret, err) : rc;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = "";

	return jread_str_opt(o, key, &text, NULL) == 0 ? text : "";
}

static int64_t number_of(const json_t *o, const char *key)
{
	int64_t n = 0;

	return jread_int_opt(o, key, &n, NULL) == 0 ? n : 0;
}

/* ---------------------------------------------------------------- status */

static void print_status(const json_t *doc)
{
	const json_t *counts = json_object_get(doc, "counts");
	const json_t *store = json_object_get(doc, "store");
	const json_t *problem;
	size_t i;

	printf("foretided %s, up since %s\n", text_of(doc, "version"),
	       text_of(doc, "started"));
	printf("store     %s, %s\n", text_of(store, "mode"),
	       json_is_true(json_object_get(store, "ok")) ? "ok"
							  : text_of(store, "message"));
	printf("running   %lld stacks, %lld tiers, %lld hosts, %lld of %lld units "
	       "healthy\n",
	       (long long)number_of(counts, "stacks"),
	       (long long)number_of(counts, "tiers"),
	       (long long)number_of(counts, "hosts"),
	       (long long)number_of(counts, "units_healthy"),
	       (long long)number_of(counts, "units"));
	json_array_foreach(json_object_get(doc, "problems"), i, problem)
		printf("problem   %s\n", text_of(problem, "message"));
}

static int status(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = fetch(a, "/v1/status", &doc, err);

	if (rc == 0 && a->json)
		client_print(doc);
	else if (rc == 0)
		print_status(doc);
	return rc;
}

int cli_status(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 0, 0, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, status(&a, &err), &err);
}

/* ---------------------------------------------------------------- explain */

static void print_explanation(const json_t *doc)
{
	const json_t *stage;
	size_t i;

	printf("%s\n", text_of(doc, "sentence"));
	json_array_foreach(json_object_get(doc, "stages"), i, stage)
	{
		CLEANUP(free)
		char *value = json_dumps(json_object_get(stage, "value"),
					 JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));

		printf("  %-24s %s\n", text_of(stage, "name"), value ? value : "-");
	}
}

static void print_share(const json_t *share)
{
	if (json_is_number(share))
		printf(" %10.2f %%", 100 * json_number_value(share));
	else
		printf(" %12s", "-");
}

/* What was promised and kept: bands down, lead times across. */
static void print_promise(const json_t *doc)
{
	const json_t *bands = json_object_get(doc, "bands"), *band, *lead;
	const json_t *price = json_object_get(doc, "price");
	char time[CLOCK_TEXT];
	size_t i, k;

	if (!json_is_object(doc))
		return;
	if (json_is_number(price))
		printf("\na short minute costs %.4g instance-hours; short lately:",
		       json_number_value(price));
	else
		printf("\npromised: short for at most %.4g %% of the time; short lately:",
		       100 * json_number_value(json_object_get(doc, "risk")));
	print_share(json_object_get(doc, "kept"));
	printf("\n\nDEMAND STAYS IN BAND");
	json_array_foreach(json_object_get(json_array_get(bands, 0), "leads"), k, lead)
		printf("  for %8s",
		       clock_format_duration((int64_t)json_number_value(
						     json_object_get(lead, "lead_ms")),
					     time));
	putchar('\n');
	json_array_foreach(bands, i, band)
	{
		printf("%18.1f %%",
		       100 * json_number_value(json_object_get(band, "level")));
		json_array_foreach(json_object_get(band, "leads"), k, lead)
			print_share(json_object_get(lead, "kept"));
		putchar('\n');
	}
}

static void print_capacity(const json_t *tier)
{
	const json_t *c = json_object_get(tier, "capacity_learned");
	const json_t *value = json_object_get(c, "value");

	if (!json_is_object(c))
		return;
	printf("  capacity %s", text_of(c, "used"));
	if (json_is_number(value))
		printf("; learned %.4g (%.4g to %.4g) by %s from %lld minutes",
		       json_number_value(value),
		       json_number_value(json_object_get(c, "low")),
		       json_number_value(json_object_get(c, "high")), text_of(c, "model"),
		       (long long)json_integer_value(json_object_get(c, "points")));
	printf(": %s\n", text_of(c, "why"));
}

/* Of the last decision that was recorded before a time. */
static int explain_past(const struct args *a, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(buf_done) struct buf path;
	json_t *explanation;
	int rc;

	buf_init(&path, 4096);
	buf_printf(&path, "/v1/tiers/%s/decisions?explanations=true&limit=1&until=",
		   a->position[0]);
	http_escape(&path, a->at);
	rc = fetch(a, buf_str(&path), &doc, err);
	if (rc < 0)
		return rc;
	explanation = json_object_get(json_array_get(json_object_get(doc, "items"), 0),
				      "explanation");
	if (!explanation)
		return err_set(err, ERR_NOT_FOUND,
			       "no decision of %s was recorded before %s", a->position[0],
			       a->at);
	*ret = json_incref(explanation);
	return 0;
}

static int explain(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *tier = NULL;
	CLEANUP(free) char *tier_path = xasprintf("/v1/tiers/%s", a->position[0]);
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = xasprintf("/v1/tiers/%s/explain", a->position[0]);
	int rc = a->at ? explain_past(a, &doc, err) : fetch(a, path, &doc, err);

	if (rc == 0 && !a->json && !a->at)
		rc = fetch(a, tier_path, &tier, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		client_print(doc);
		return 0;
	}
	if (a->at)
		printf("%s  ", text_of(doc, "at"));
	print_explanation(doc);
	print_capacity(tier);
	print_promise(json_object_get(doc, "promise"));
	return 0;
}

int cli_explain(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "at", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, explain(&a, &err), &err);
}

/* ---------------------------------------------------------------- forecast of a tier */

/* "event sale, 2026-..Z to 2026-..Z: demand times 2.4, learned from 3" */
static void print_forecast_events(const json_t *list)
{
	const json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		const double u = json_number_value(json_object_get(e, "uplift"));
		const long long n = (long long)number_of(e, "learned_from");

		printf("event %s, %s to %s: ", text_of(e, "name"), text_of(e, "start"),
		       text_of(e, "end"));
		if (json_is_true(json_object_get(e, "given")))
			printf("demand times %.3g, as given\n", u);
		else if (n)
			printf("demand times %.3g, learned from %lld past\n", u, n);
		else
			puts("not counted, nothing is known of its effect yet");
	}
}

static void print_forecast_seasons(const json_t *list)
{
	const json_t *season;
	size_t i;

	if (json_array_size(list) == 0)
		puts("seasons: none found");
	json_array_foreach(list, i, season) forecast_print_season(
		number_of(season, "period_ms"),
		json_number_value(json_object_get(season, "correlation")));
}

static void print_forecast(const json_t *doc)
{
	const json_t *points = json_object_get(doc, "points");
	const json_t *levels = json_object_get(doc, "levels");
	const json_t *level, *point;
	size_t i, k;

	printf("%s: %s\n", text_of(doc, "fallback_level"), text_of(doc, "why"));
	print_forecast_seasons(json_object_get(doc, "seasons"));
	print_forecast_events(json_object_get(doc, "events"));
	printf("%-25s", "TIME");
	json_array_foreach(levels, i, level)
		printf(" %9.3g%%", 100 * json_number_value(level));
	putchar('\n');
	json_array_foreach(points, i, point)
	{
		printf("%-25s", text_of(point, "t"));
		json_array_foreach(json_object_get(point, "q"), k, level)
			printf(" %10.4g", json_number_value(level));
		putchar('\n');
	}
}

static int forecast(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free)
	char *path = xasprintf("/v1/tiers/%s/forecast?horizon=%s", a->position[0],
			       a->horizon ? a->horizon : "2h");
	int rc = fetch(a, path, &doc, err);

	if (rc == 0 && a->json)
		client_print(doc);
	else if (rc == 0)
		print_forecast(doc);
	return rc;
}

int cli_tier_forecast(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "horizon", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, forecast(&a, &err), &err);
}

/* ---------------------------------------------------------------- logs */

static int logs(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free)
	char *path = xasprintf("/v1/units/%s/logs?lines=%s", a->position[0],
			       a->lines ? a->lines : "100");
	const json_t *line;
	size_t i;
	int rc = fetch(a, path, &doc, err);

	if (rc == 0 && a->json)
		client_print(doc);
	else if (rc == 0)
		json_array_foreach(json_object_get(doc, "lines"), i, line)
			puts(json_string_value(line) ? json_string_value(line) : "");
	return rc;
}

int cli_logs(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "lines", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, logs(&a, &err), &err);
}

/* ---------------------------------------------------------------- events */

static int print_events(const struct args *a, const json_t *items, int64_t *last,
			struct err *err)
{
	const json_t *e;
	size_t i;

	json_array_foreach(items, i, e)
	{
		int rc = jread_int(e, "id", last, err);

		if (rc < 0)
			return rc;
		if (a->json)
			json_dumpf(e, stdout, JSON_COMPACT);
		else
			printf("%s  %-7s %-18s %s", text_of(e, "at"), text_of(e, "level"),
			       text_of(e, "kind"), text_of(e, "message"));
		putchar('\n');
	}
	fflush(stdout);
	return 0;
}

/* Follows by asking for what is newer, so that it also lives through a restart. */
static int events(const struct args *a, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 500000000 };
	CLEANUP(client_done) struct client c = { 0 };
	int64_t last = 0;
	int rc = client_init(&c, a, err);

	while (rc == 0) {
		CLEANUP(json_decref) json_t *items = NULL;
		CLEANUP(free)
		char *path = xasprintf("/v1/events?since=%lld", (long long)last);

		rc = client_list(&c, path, &items, err);
		if (rc == 0)
			rc = print_events(a, items, &last, err);
		if (!a->follow)
			break;
		if (rc == ERR_UNAVAIL && last)
			rc = 0;
		nanosleep(&pause, NULL);
	}
	return rc;
}

int cli_events(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "follow", 0, 0, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, events(&a, &err), &err);
}
