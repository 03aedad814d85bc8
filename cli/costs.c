/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * costs.c - foretide costs: what stacks and their tiers cost this month.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>
#include <string.h>

static const struct table_column columns[] = {
	{ "STACK", "stack", TABLE_TEXT },
	{ "TIER", "tier", TABLE_TEXT },
	{ "CURRENCY", "currency", TABLE_TEXT },
	{ "HOUR", "hour", TABLE_MONEY },
	{ "TODAY", "today", TABLE_MONEY },
	{ "MONTH", "month", TABLE_MONEY },
	{ "PROJECTED", "projected", TABLE_MONEY },
	{ "REACTIVE", "reactive", TABLE_MONEY },
	{ "STATIC", "static", TABLE_MONEY },
	{ "BUDGET", "budget.amount", TABLE_MONEY },
	{ "STATE", "budget.state", TABLE_TEXT },
	{ "UNPRICED", "unpriced_hours", TABLE_HOURS },
	{ NULL, NULL, TABLE_TEXT },
};

/* Each stack in each of its currencies, followed by its tiers. */
static json_t *rows_of(const json_t *stacks)
{
	json_t *rows = json_array(), *stack, *tier;
	size_t i, k;

	json_array_foreach(stacks, i, stack)
	{
		json_array_append(rows, stack);
		json_array_foreach(json_object_get(stack, "tiers"), k, tier)
		{
			json_object_set(tier, "stack", json_object_get(stack, "stack"));
			json_object_set(tier, "currency",
					json_object_get(stack, "currency"));
			if (*json_string_value(json_object_get(tier, "tier")) == '\0')
				json_object_set_new(tier, "tier",
						    json_string("(of no tier)"));
			json_array_append(rows, tier);
		}
	}
	return rows;
}

static int costs(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *stacks = NULL;
	CLEANUP(json_decref) json_t *rows = NULL;
	CLEANUP(buf_done) struct buf path;
	int rc = client_init(&c, a, err);

	buf_init(&path, 4096);
	buf_puts(&path, "/v1/costs");
	client_query(&path, "stack", a->n ? a->position[0] : NULL);
	client_query(&path, "days", a->days ? "true" : NULL);
	if (rc == 0)
		rc = client_list(&c, buf_str(&path), &stacks, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		client_print(stacks);
		return 0;
	}
	rows = rows_of(stacks);
	table_print(rows, columns, 0);
	return 0;
}

int cli_costs(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "days", 0, 1, &a);

	if (rc == EXIT_OK && a.days && !a.json)
		rc = cli_fail(EXIT_USAGE, a.command, "--days is for --json alone");
	return rc != EXIT_OK ? rc : client_exit(&a, costs(&a, &err), &err);
}
