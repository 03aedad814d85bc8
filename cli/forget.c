/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forget.c - foretide forget: a source of demand that has gone for good is not waited for
 * any more.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

static int forget(const struct args *a, struct err *err)
{
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s}", "match", a->position[0]);

	return client_act(a, "POST", "/v1/series/forget", body,
			  "forgotten: no demand waits for it, until it reports again",
			  err);
}

int cli_forget(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, forget(&a, &err), &err);
}
