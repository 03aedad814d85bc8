/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enroll.c - foretide enroll: the command that lets a machine wait to be a host.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>
#include <string.h>

static int enroll(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free)
	char *path = client_path("/v1/enrolments/%s/%s", a->position[0], a->position[1]);
	const char *command = NULL;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_get(&c, path, &answer, err);
	if (rc == 0 && a->json)
		client_print(answer);
	else if (rc == 0)
		rc = jread_str(answer, "command", &command, err);
	if (rc == 0 && command)
		fputs(command, stdout);
	return rc == 0 && fflush(stdout) != 0
		       ? err_set(err, ERR_INTERNAL, "the output cannot be written")
		       : rc;
}

int cli_enroll(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 2, 2, &a);

	if (rc != EXIT_OK)
		return rc;
	if (strcmp(a.position[0], "machine") != 0 && strcmp(a.position[0], "pool") != 0)
		return cli_fail(EXIT_USAGE, argv[0], "takes machine NAME or pool NAME");
	return client_exit(&a, enroll(&a, &err), &err);
}
