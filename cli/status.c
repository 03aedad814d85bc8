/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.c - foretide status: the controller and its problems.
 */
#include "cli.h"
#include "client.h"

#include <stdio.h>

static void print_status(const json_t *doc)
{
	const json_t *counts = json_object_get(doc, "counts");
	const json_t *store = json_object_get(doc, "store");
	const json_t *problem;
	size_t i;

	printf("foretided %s, up since %s\n", field_text(doc, "version"),
	       field_text(doc, "started"));
	printf("store     %s, %s\n", field_text(store, "mode"),
	       json_is_true(json_object_get(store, "ok")) ? "ok"
							  : field_text(store, "message"));
	if (json_is_object(counts))
		printf("running   %lld stacks, %lld tiers, %lld hosts, %lld of %lld "
		       "units "
		       "healthy\n",
		       field_int(counts, "stacks"), field_int(counts, "tiers"),
		       field_int(counts, "hosts"), field_int(counts, "units_healthy"),
		       field_int(counts, "units"));
	else
		puts("running   not known: the database cannot be read");
	json_array_foreach(json_object_get(doc, "problems"), i, problem)
		printf("problem   %s\n", field_text(problem, "message"));
}

static int status(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	int rc = client_fetch(a, "/v1/status", &doc, err);

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
