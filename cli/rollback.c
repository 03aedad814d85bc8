/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollback.c - foretide rollback: a stack goes back to an earlier version.
 */
#include "changes.h"
#include "check.h"
#include "cli.h"
#include "client.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

static int send(const struct client *c, const struct args *a, const json_t *body,
		bool dry, json_t **ret, struct err *err)
{
	CLEANUP(free)
	char *path = xasprintf("/v1/stacks/%s/rollback%s", a->position[0],
			       dry ? "?dry_run=true" : "");

	return client_send(c, "POST", path, body, ret, err);
}

static int read_version(const struct args *a, json_t *body, struct err *err)
{
	char *end;
	long long version;

	if (a->n < 2)
		return 0;
	version = strtoll(a->position[1], &end, 10);
	if (version <= 0 || *end)
		return err_set(err, ERR_INVAL, "'%s' is not a version, such as 7",
			       a->position[1]);
	json_object_set_new(body, "version", json_integer(version));
	return 0;
}

static void print_plan(const struct args *a, const json_t *plan)
{
	if (a->json && a->dry_run)
		client_print(plan);
	if (a->json)
		return;
	printf("version %lld of %s is applied again\n",
	       (long long)json_integer_value(json_object_get(plan, "back_to")),
	       a->position[0]);
	changes_print(plan);
}

static int rollback(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *body = json_object();
	CLEANUP(json_decref) json_t *plan = NULL;
	CLEANUP(json_decref) json_t *done = NULL;
	int rc = read_version(a, body, err);

	if (rc == 0)
		rc = client_init(&c, a, err);
	if (rc == 0)
		rc = send(&c, a, body, true, &plan, err);
	if (rc < 0)
		return rc;
	print_plan(a, plan);
	if (a->dry_run)
		return 0;
	if (json_array_size(json_object_get(plan, "changes")) > 0 &&
	    !cli_confirm(a->yes, "Go back?"))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	/* What was shown, whatever is applied meanwhile. */
	json_object_set(body, "version", json_object_get(plan, "back_to"));
	rc = send(&c, a, body, false, &done, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(done);
	else
		printf("stack %s goes back; follow it with: foretide events --follow\n",
		       a->position[0]);
	return 0;
}

int cli_rollback(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes", 1, 2, &a);

	if (rc == EXIT_OK)
		rc = args_stack(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, rollback(&a, &err), &err);
}
