/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * token.c - the sub-commands by which a person steps in: hold, release, drain, token,
 * import, and status to see whether that is needed.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define CSV_MAX_BYTES (64 << 20)

/* "shop/web": a tier, "shop": the whole stack. */
static void split_tier(const char *text, char **stack, char **tier)
{
	const char *slash = strchr(text, '/');

	*stack = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));
	*tier = xstrdup(slash ? slash + 1 : "");
}

static int act(const struct args *a, const char *method, const char *path,
	       const json_t *body, const char *said, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_send(&c, method, path, body, &answer, err);
	if (rc < 0)
		return rc;
	if (a->json && answer)
		client_print(answer);
	else if (!a->json)
		puts(said);
	return 0;
}

/* ---------------------------------------------------------------- holds */

static int hold(const struct args *a, struct err *err)
{
	CLEANUP(free) char *stack = NULL;
	CLEANUP(free) char *tier = NULL;
	CLEANUP(free) char *said = NULL;
	CLEANUP(json_decref) json_t *body = NULL;

	split_tier(a->position[0], &stack, &tier);
	body = json_pack("{s:s, s:s, s:s}", "stack", stack, "tier", tier, "reason",
			 a->reason ? a->reason : "");
	if (a->duration)
		json_object_set_new(body, "for", json_string(a->duration));
	said = xasprintf("%s is held%s%s: nothing scales until it is released",
			 a->position[0], a->duration ? " for " : "",
			 a->duration ? a->duration : "");
	return act(a, "POST", "/v1/holds", body, said, err);
}

int cli_hold(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "reason for", 1, 1, &a);

	if (rc != EXIT_OK)
		return rc;
	if (!a.reason)
		return cli_fail(EXIT_USAGE, argv[0],
				"say why, for those who find it: --reason TEXT");
	return client_exit(&a, hold(&a, &err), &err);
}

/* Releases by number, or all holds on a tier or stack. */
static int release_matching(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *holds = NULL;
	CLEANUP(free) char *stack = NULL;
	CLEANUP(free) char *tier = NULL;
	const json_t *h;
	size_t i, n = 0;
	int rc = client_init(&c, a, err);

	split_tier(a->position[0], &stack, &tier);
	if (rc == 0)
		rc = client_list(&c, "/v1/holds", &holds, err);
	json_array_foreach(holds, i, h)
	{
		CLEANUP(json_decref) json_t *answer = NULL;
		CLEANUP(free) char *path = NULL;
		const char *of_stack = "", *of_tier = "";
		int64_t id = 0;

		if (rc < 0 || (rc = jread_str(h, "stack", &of_stack, err)) < 0 ||
		    (rc = jread_str_opt(h, "tier", &of_tier, err)) < 0 ||
		    (rc = jread_int(h, "id", &id, err)) < 0)
			break;
		if (strcmp(of_stack, stack) != 0 || strcmp(of_tier, tier) != 0)
			continue;
		path = xasprintf("/v1/holds/%lld", (long long)id);
		rc = client_send(&c, "DELETE", path, NULL, &answer, err);
		n++;
	}
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_NOT_FOUND, "nothing holds %s", a->position[0]);
	if (rc == 0)
		printf("%s is released\n", a->position[0]);
	return rc;
}

static int release(const struct args *a, struct err *err)
{
	CLEANUP(free) char *path = NULL;
	int64_t id;

	if (conf_parse_int(a->position[0], &id, NULL) < 0)
		return release_matching(a, err);
	path = xasprintf("/v1/holds/%lld", (long long)id);
	return act(a, "DELETE", path, NULL, "released", err);
}

int cli_release(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, release(&a, &err), &err);
}

/* ---------------------------------------------------------------- hosts */

static int drain(const struct args *a, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("/v1/hosts/%s/drain", a->position[0]);

	return act(a, "POST", path, NULL,
		   "the host drains: its units are replaced elsewhere, then it goes",
		   err);
}

int cli_drain(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	return rc != EXIT_OK ? rc : client_exit(&a, drain(&a, &err), &err);
}

/* ---------------------------------------------------------------- tokens */

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
	return rc;
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
		return cli_fail(EXIT_USAGE, argv[0],
				"say who or what it is for: --name NAME");
	if (strcmp(a.position[0], "create") == 0 && a.n == 1)
		return client_exit(&a, token_new(&a, &err), &err);
	if (strcmp(a.position[0], "revoke") != 0 || a.n != 2)
		return cli_fail(EXIT_USAGE, argv[0], "takes list, create or revoke ID");
	path = xasprintf("/v1/tokens/%s", a.position[1]);
	return client_exit(
		&a, act(&a, "DELETE", path, NULL, "the token is revoked", &err), &err);
}

/* ---------------------------------------------------------------- history */

static int import(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *answer = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free)
	char *path = xasprintf("/v1/tiers/%s/history%s", a->position[0],
			       a->dry_run ? "?dry_run=true" : "");
	int64_t added = 0;
	size_t len;
	int rc = conf_read_file(a->position[1], CSV_MAX_BYTES, &text, &len, err);

	if (rc == 0)
		rc = client_init(&c, a, err);
	if (rc == 0)
		rc = client_send_text(&c, "POST", path, "text/csv", text, len, &answer,
				      err);
	if (rc == ERR_INVAL)
		return err_wrap(err, rc, "%s", a->position[1]);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(answer);
	else if (jread_int_opt(answer, "added", &added, NULL) == 0)
		printf("%lld minutes of history %s for %s\n", (long long)added,
		       a->dry_run ? "would be taken" : "are taken", a->position[0]);
	return 0;
}

int cli_import(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "dry-run", 2, 2, &a);

	if (rc == EXIT_OK)
		rc = args_tier(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, import(&a, &err), &err);
}
