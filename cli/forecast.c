/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

#include "check.h"
#include "cleanup.h"
#include "horizon.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

static double *numbers(const json_t *list, size_t *n)
{
	*n = json_array_size(list);
	double *y = calloc(*n + 1, sizeof(*y));
	for (size_t i = 0; i < *n; i++)
		y[i] = json_number_value(json_array_get(list, i));
	return y;
}

int cli_forecast(int argc, char **argv)
{
	CLEANUP(free) char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	struct err err;

	(void)argc;
	(void)argv;
	while ((len = getline(&line, &cap, stdin)) > 0) {
		CLEANUP(json_decref) json_t *msg = NULL;
		CLEANUP(horizon_free) struct horizon *f = NULL;
		size_t n, nl;
		if (json_parse(line, (size_t)len, "line", &msg, &err) != 0)
			return cli_fail(1, "forecast", "%s", err.msg);
		if (json_object_get(msg, "type"))
			break;
		CLEANUP(free) double *y = numbers(json_object_get(msg, "history"), &n);
		CLEANUP(free) double *lv = numbers(json_object_get(msg, "levels"), &nl);
		struct horizon_opts o = { .h = (size_t)json_integer_value(
						  json_object_get(msg, "horizon")),
					  .levels = lv,
					  .n_levels = nl };
		const json_t *se = json_object_get(msg, "seasons");
		for (size_t i = 0; i < MIN(json_array_size(se), (size_t)HORIZON_SEASONS);
		     i++)
			o.seasons[i] = (size_t)json_integer_value(json_array_get(se, i));
		if (horizon_forecast(y, n, &o, &f, &err) != 0)
			return cli_fail(1, "forecast", "%s", err.msg);
		printf("{\"id\":\"%s\",\"mean\":[",
		       json_string_value(json_object_get(msg, "id")));
		for (size_t j = 0; j < f->h; j++)
			printf("%s%.8g", j ? "," : "", f->mean[j]);
		printf("],\"quantiles\":[");
		for (size_t k = 0; k < nl; k++) {
			printf("%s[", k ? "," : "");
			for (size_t j = 0; j < f->h; j++)
				printf("%s%.8g", j ? "," : "", f->q[k * f->h + j]);
			printf("]");
		}
		printf("]}\n");
		fflush(stdout);
	}
	return 0;
}
