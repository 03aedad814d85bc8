/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain.c - foretide explain: why a tier has as many instances as it has.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

#include <stdio.h>

static double in_minutes(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

/* What letting instances go would save and cost, when that was weighed. */
static void print_scale_in(const json_t *o)
{
	if (json_is_object(o))
		printf("  letting %lld go saves %.4g instance-minutes and costs %.4g\n",
		       (long long)json_integer_value(json_object_get(o, "count")),
		       in_minutes(o, "saves_min"), in_minutes(o, "costs_min"));
}

/* Those that were known. */
static void print_inputs(const json_t *inputs)
{
	static const char *const names[] = { "demand",  "capacity", "running", "starting",
					     "overdue", "min",      "max",     "floor",
					     "ceiling", "budget" };
	const char *sep = "  inputs: ";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *v = json_object_get(inputs, names[i]);

		if (!json_is_number(v))
			continue;
		printf("%s%s %.5g", sep, names[i], json_number_value(v));
		sep = ", ";
	}
	putchar('\n');
}

static void print_explanation(const json_t *doc)
{
	const json_t *stage;
	size_t i;

	printf("%s\n", field_text(doc, "sentence"));
	print_inputs(json_object_get(doc, "inputs"));
	printf("  limiting constraint: %s\n", field_text(doc, "binding"));
	json_array_foreach(json_object_get(doc, "stages"), i, stage)
	{
		CLEANUP(free)
		char *value = json_dumps(json_object_get(stage, "value"),
					 JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));

		printf("  %-24s %s\n", field_text(stage, "name"), value ? value : "-");
	}
	print_scale_in(json_object_get(doc, "scale_in"));
}

static void print_share(const json_t *share)
{
	if (json_is_number(share))
		printf(" %10.2f %%", 100 * json_number_value(share));
	else
		printf(" %12s", "-");
}

/* What is promised of the tier, and what it had this month. */
static void print_kept(const json_t *tier)
{
	const json_t *kept = json_object_get(tier, "kept");
	const double price = field_number(tier, "price");

	if (!json_is_object(kept))
		return;
	if (price > 0)
		printf("  a minute short of capacity costs %.4g instance-hours;", price);
	else
		printf("  at most %.4g %% of the time short of capacity promised;",
		       100 * field_number(tier, "risk"));
	if (field_int(kept, "minutes_known") == 0)
		puts(" no minute measured yet this month");
	else
		printf(" this month %lld of %lld minutes were, %.2f %%\n",
		       field_int(kept, "minutes_short"), field_int(kept, "minutes_known"),
		       100 * field_number(kept, "short"));
}

/* Coverage of the forecasts, promised and achieved: bands down, lead times across. */
static void print_coverage(const json_t *promise)
{
	const json_t *bands = json_object_get(promise, "bands"), *band, *lead;
	char time[CLOCK_TEXT];
	size_t i, k;

	if (!json_is_object(promise))
		return;
	printf("\nCOVERAGE PROMISED   ");
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
			print_share(json_object_get(lead, "achieved"));
		putchar('\n');
	}
}

static void print_capacity(const json_t *tier)
{
	const json_t *c = json_object_get(tier, "capacity_learned");
	const json_t *value = json_object_get(c, "value");

	if (!json_is_object(c))
		return;
	printf("  capacity %s", field_text(c, "used"));
	if (json_is_number(value))
		printf("; learned %.4g (%.4g to %.4g) by %s from %lld minutes",
		       json_number_value(value),
		       json_number_value(json_object_get(c, "low")),
		       json_number_value(json_object_get(c, "high")),
		       field_text(c, "model"),
		       (long long)json_integer_value(json_object_get(c, "points")));
	printf(": %s\n", field_text(c, "why"));
}

/* The tiers of its stack whose demand could improve its forecast, and what they do. */
static void print_tried(const json_t *tier)
{
	const json_t *of;
	size_t i;

	json_array_foreach(json_object_get(tier, "tried"), i, of)
	{
		const json_t *gain = json_object_get(of, "gain");

		printf("  %s %s: ",
		       json_is_true(json_object_get(of, "is_used")) ? "follows"
								    : "does not follow",
		       field_text(of, "tier"));
		if (json_is_number(gain))
			printf("the loss of its forecast would be %+.1f %%\n",
			       -100 * json_number_value(gain));
		else
			puts("nothing to compare yet");
	}
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
	rc = client_fetch(a, buf_str(&path), &doc, err);
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
	CLEANUP(free) char *tier_path = client_tier_path(a->position[0], "");
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = client_tier_path(a->position[0], "/explain");
	int rc = a->at ? explain_past(a, &doc, err) : client_fetch(a, path, &doc, err);

	if (rc == 0 && !a->json && !a->at)
		rc = client_fetch(a, tier_path, &tier, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		client_print(doc);
		return 0;
	}
	if (a->at)
		printf("%s  ", field_text(doc, "at"));
	print_explanation(doc);
	print_capacity(tier);
	print_tried(tier);
	print_kept(tier);
	print_coverage(json_object_get(doc, "promise"));
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
