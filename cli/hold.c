/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.c - foretide hold and foretide release: stop scaling, and resume it.
 */
#include "check.h"
#include "cli.h"
#include "client.h"

#include <stdio.h>
#include <string.h>

/* "shop/web": a tier, "shop": the whole stack. */
static void split_tier(const char *text, char **stack, char **tier)
{
	const char *slash = strchr(text, '/');

	*stack = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));
	*tier = xstrdup(slash ? slash + 1 : "");
}

static int hold(const struct args *a, struct err *err)
{
	CLEANUP(free) char *stack = NULL;
	CLEANUP(free) char *tier = NULL;
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(json_decref) json_t *answer = NULL;
	const char *ends;
	int rc;

	split_tier(a->position[0], &stack, &tier);
	body = json_pack("{s:s, s:s, s:s}", "stack", stack, "tier", tier, "reason",
			 a->reason ? a->reason : "");
	if (a->duration)
		json_object_set_new(body, "for", json_string(a->duration));
	rc = client_init(&c, a, err);
	if (rc == 0)
		rc = client_send(&c, "POST", "/v1/holds", body, &answer, err);
	if (rc < 0)
		return rc;
	if (a->json) {
		client_print(answer);
		return 0;
	}
	ends = field_text(answer, "expires");
	printf("%s is on hold: nothing scales until %s%sit is released\n", a->position[0],
	       ends, *ends ? ", or " : "");
	return 0;
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
				"a reason is required: --reason TEXT");
	rc = args_place(&a);
	if (rc != EXIT_OK)
		return rc;
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
		rc = err_set(err, ERR_NOT_FOUND, "there is no hold on %s",
			     a->position[0]);
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
	return client_act(a, "DELETE", path, NULL, "released", err);
}

int cli_release(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 1, 1, &a);

	if (rc == EXIT_OK)
		rc = args_place(&a);
	return rc != EXIT_OK ? rc : client_exit(&a, release(&a, &err), &err);
}
