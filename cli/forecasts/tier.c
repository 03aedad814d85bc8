/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier.c - the forecast of a tier, from its controller.
 */
#include "check.h"
#include "client.h"
#include "forecasts.h"
#include "lines.h"

#include <math.h>
#include <stdio.h>

/* "event sale, 2026-..Z to 2026-..Z: demand times 2.4, learned from 3" */
static void print_forecast_events(const json_t *list)
{
	const json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
	{
		const double u = json_number_value(json_object_get(e, "uplift"));
		const long long n = field_int(e, "learned_from");

		printf("event %s, %s to %s: ", field_text(e, "name"),
		       field_text(e, "start"), field_text(e, "end"));
		if (json_is_true(json_object_get(e, "given")))
			printf("demand times %.3g, as given\n", u);
		else if (n)
			printf("demand times %.3g, learned from %lld past events\n", u,
			       n);
		else
			puts("ignored, its effect is not known yet");
	}
}

static void print_forecast_seasons(const json_t *list)
{
	const json_t *season;
	size_t i;

	if (json_array_size(list) == 0)
		puts("seasons: none found");
	json_array_foreach(list, i, season)
		print_season(field_int(season, "period_ms"),
			     json_number_value(json_object_get(season, "correlation")));
}

static void print_forecast_held(const json_t *list)
{
	const json_t *held;
	size_t i;

	json_array_foreach(list, i, held)
	{
		const json_t *share = json_object_get(held, "share");

		print_held(field_int(held, "ahead_ms"),
			   json_is_number(share) ? json_number_value(share) : NAN);
	}
}

static void print_forecast(const json_t *doc)
{
	const json_t *points = json_object_get(doc, "points");
	const json_t *levels = json_object_get(doc, "levels");
	const json_t *level, *point;
	size_t i, k;

	printf("%s: %s\n", field_text(doc, "fallback_level"), field_text(doc, "why"));
	print_forecast_seasons(json_object_get(doc, "seasons"));
	print_forecast_events(json_object_get(doc, "events"));
	print_forecast_held(json_object_get(doc, "held"));
	printf("%-25s", "TIME");
	json_array_foreach(levels, i, level)
		printf(" %9.3g%%", 100 * json_number_value(level));
	putchar('\n');
	json_array_foreach(points, i, point)
	{
		printf("%-25s", field_text(point, "t"));
		json_array_foreach(json_object_get(point, "q"), k, level)
			printf(" %10.4g", json_number_value(level));
		putchar('\n');
	}
}

static int forecast(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free)
	char *rest = client_path("/forecast?horizon=%s", a->horizon ? a->horizon : "2h");
	CLEANUP(free) char *path = client_tier_path(a->position[0], rest);
	int rc = client_fetch(a, path, &doc, err);

	if (rc == 0 && a->json)
		client_print(doc);
	else if (rc == 0)
		print_forecast(doc);
	return rc;
}

int forecast_tier(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "horizon", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, forecast(&a, &err), &err);
}
