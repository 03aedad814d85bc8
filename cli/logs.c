/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logs.c - foretide logs: the end of a unit's log.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>

static int logs(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free)
	char *path = client_path("/v1/units/%s/logs?lines=%s", a->position[0],
				 a->lines ? a->lines : "100");
	const json_t *line;
	size_t i;
	int rc = client_fetch(a, path, &doc, err);

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
