/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * token.c - foretide token: access tokens.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A token is shown once: one that nobody read is of no use to anybody. */
static int take_back(struct client *c, const json_t *token, struct err *err)
{
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free)
	char *path = xasprintf("/v1/tokens/%lld", field_int(token, "id"));
	const char *why = strerror(errno);

	if (client_send(c, "DELETE", path, NULL, &answer, err) < 0)
		return err_wrap(err, ERR_INTERNAL,
				"the output cannot be written (%s), and token %lld is "
				"not revoked",
				why, field_int(token, "id"));
	return err_set(err, ERR_INTERNAL,
		       "the output cannot be written (%s): the token is revoked", why);
}

static int token_new(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(json_decref)
	json_t *body = json_pack("{s:s, s:s}", "name", a->name ? a->name : "", "role",
				 a->role ? a->role : "viewer");
	const char *secret = NULL;
	int rc = client_init(&c, a, err);

	if (a->duration)
		json_object_set_new(body, "for", json_string(a->duration));
	if (rc == 0)
		rc = client_send(&c, "POST", "/v1/tokens", body, &answer, err);
	if (rc == 0 && a->json)
		client_print(answer);
	else if (rc == 0)
		rc = jread_str(answer, "token", &secret, err);
	if (rc == 0 && secret)
		puts(secret);
	return rc == 0 && fflush(stdout) != 0 ? take_back(&c, answer, err) : rc;
}

static int token_list(const struct args *a, struct err *err)
{
	static const struct table_column columns[] = {
		{ "ID", "id", TABLE_TEXT },
		{ "NAME", "name", TABLE_TEXT },
		{ "ROLE", "role", TABLE_TEXT },
		{ "CREATED", "created", TABLE_TEXT },
		{ "LAST USED", "last_used", TABLE_TEXT },
		{ "EXPIRES", "expires", TABLE_TEXT },
		{ "REVOKED", "revoked", TABLE_TEXT },
		{ NULL, NULL, TABLE_TEXT },
	};
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *rows = NULL;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_list(&c, "/v1/tokens", &rows, err);
	if (rc == 0 && a->json)
		client_print(rows);
	else if (rc == 0)
		table_print(rows, columns, clock_wall_ms());
	return rc;
}

int cli_token(int argc, char **argv)
{
	CLEANUP(free) char *path = NULL;
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "name role for", 1, 2, &a);

	if (rc != EXIT_OK)
		return rc;
	if (strcmp(a.position[0], "list") == 0 && a.n == 1)
		return client_exit(&a, token_list(&a, &err), &err);
	if (strcmp(a.position[0], "create") == 0 && a.n == 1 && !a.name)
		return cli_fail(EXIT_USAGE, argv[0], "a name is required: --name NAME");
	if (strcmp(a.position[0], "create") == 0 && a.n == 1)
		return client_exit(&a, token_new(&a, &err), &err);
	if (strcmp(a.position[0], "revoke") != 0 || a.n != 2)
		return cli_fail(EXIT_USAGE, argv[0], "takes list, create or revoke ID");
	path = client_path("/v1/tokens/%s", a.position[1]);
	return client_exit(
		&a, client_act(&a, "DELETE", path, NULL, "the token is revoked", &err),
		&err);
}
