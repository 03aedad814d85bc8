/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollback.c - foretide rollback: a stack goes back to an earlier version.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

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

static int rollback(const struct args *a, struct err *err)
{
	CLEANUP(json_decref) json_t *body = json_object();
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free) char *path = client_path("/v1/stacks/%s/rollback", a->position[0]);
	int rc = read_version(a, body, err);

	if (rc == 0)
		rc = client_change(
			a, &(struct change_request){ "POST", path, body, "Go back?" },
			&answer, err);
	if (rc < 0 || !answer)
		return rc;
	if (a->json)
		client_print(answer);
	else
		printf("stack %s goes back; follow it with: foretide events --follow\n",
		       a->position[0]);
	return 0;
}

int cli_rollback(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run yes force=", 1, 2, &a);

	if (rc == EXIT_OK)
		rc = args_stack(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, rollback(&a, &err), &err);
}
