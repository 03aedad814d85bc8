/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain.c - foretide drain: empty a host and remove it.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

static int drain(const struct args *a, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("/v1/hosts/%s/drain", a->position[0]);

	return client_act(a, "POST", path, NULL,
			  "the host is draining: its units are replaced elsewhere, then "
			  "it is removed",
			  err);
}

int cli_drain(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, drain(&a, &err), &err);
}
