/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calendar.c - foretide calendar: the events of a stack and their uplift.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

static const struct table_column columns[] = {
	{ "EVENT", "name", TABLE_TEXT },
	{ "TIER", "tier", TABLE_TEXT },
	{ "START", "start", TABLE_TEXT },
	{ "END", "end", TABLE_TEXT },
	{ "UPLIFT", "uplift", TABLE_TEXT },
	{ "LOW", "low", TABLE_TEXT },
	{ "HIGH", "high", TABLE_TEXT },
	{ "GIVEN", "given", TABLE_TEXT },
	{ "LEARNED FROM", "learned_from", TABLE_TEXT },
	{ "SOURCE", "source", TABLE_TEXT },
	{ NULL, NULL, TABLE_TEXT },
};

static int calendar(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *rows = NULL;
	CLEANUP(free)
	char *path = a->tier ? client_path("/v1/stacks/%s/events?tier=%s", a->position[0],
					   a->tier)
			     : client_path("/v1/stacks/%s/events", a->position[0]);
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_list(&c, path, &rows, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(rows);
	else if (json_array_size(rows) == 0)
		puts("no events are announced");
	else
		table_print(rows, columns, clock_wall_ms());
	return 0;
}

int cli_calendar(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "tier", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_stack(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, calendar(&a, &err), &err);
}
