/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * credentials.c - foretide credentials: profiles of the controller's credentials file,
 * and whether hosts can be launched with them.
 */
#include "check.h"
#include "cli.h"
#include "client.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ASK_AGAIN_MS 200
#define GIVE_UP_MS 120000 /* the controller itself ends a check before */
#define TYPES_SHOWN 12u

/* ---------------------------------------------------------------- one profile */

static void print_quota(const json_t *quota)
{
	if (json_is_null(quota) || !quota)
		puts("  quota: the driver does not say");
	else if (json_is_null(json_object_get(quota, "left")))
		printf("  quota: %lld hosts are used, without a limit\n",
		       field_int(quota, "used"));
	else
		printf("  quota: %lld hosts are left, %lld of %lld are used\n",
		       field_int(quota, "left"), field_int(quota, "used"),
		       field_int(quota, "limit"));
}

static void print_type(const json_t *type)
{
	printf("    %-20s %g cores, %.1f GiB", field_text(type, "name"),
	       field_number(type, "cpu"), field_number(type, "memory_bytes") / (1 << 30));
	if (json_is_number(json_object_get(type, "price_hour")))
		printf(", %g %s/h", field_number(type, "price_hour"),
		       field_text(type, "currency"));
	putchar('\n');
}

static void print_types(const json_t *types)
{
	const json_t *type;
	size_t i;

	if (!json_is_array(types)) {
		puts("  types: the driver does not say");
		return;
	}
	printf("  types: %zu\n", json_array_size(types));
	json_array_foreach(types, i, type)
	{
		if (i == TYPES_SHOWN) {
			printf("    and %zu more, see --json\n",
			       json_array_size(types) - i);
			break;
		}
		print_type(type);
	}
}

/* What the findings do not say. */
static void print_error(const json_t *error)
{
	if (!json_is_object(error))
		return;
	printf("  class: %s", field_text(error, "class"));
	if (*field_text(error, "code"))
		printf(", code %s", field_text(error, "code"));
	if (*field_text(error, "request_id"))
		printf(", request %s", field_text(error, "request_id"));
	putchar('\n');
}

/* What the cloud was not asked says nothing of the profile. */
static void print_answers(const json_t *check)
{
	if (!json_is_true(json_object_get(check, "ok")) &&
	    json_is_null(json_object_get(check, "quota")))
		return;
	print_quota(json_object_get(check, "quota"));
	print_types(json_object_get(check, "types"));
}

static void print_profile(const json_t *profile)
{
	const json_t *check = json_object_get(profile, "check"), *finding;
	size_t i;

	printf("%s (%s): %s\n", field_text(profile, "name"),
	       *field_text(profile, "driver") ? field_text(profile, "driver")
					      : "driver not known",
	       json_is_true(json_object_get(check, "ok")) ? "ok" : "FAILED");
	json_array_foreach(json_object_get(check, "findings"), i, finding) printf(
		"  %s%s\n", json_is_true(json_object_get(finding, "fatal")) ? "! " : "",
		field_text(finding, "message"));
	if (*field_text(profile, "problem"))
		printf("  ! %s\n", field_text(profile, "problem"));
	if (!*field_text(profile, "driver"))
		puts("  ! write driver = NAME into its section of the credentials file");
	print_error(json_object_get(check, "error"));
	if (json_is_object(check))
		print_answers(check);
}

/* ---------------------------------------------------------------- checks */

static bool is_running(const json_t *profile)
{
	return strcmp(field_text(json_object_get(profile, "check"), "state"),
		      "running") == 0;
}

/* Begins it. */
static int begin(struct client *c, const char *name, json_t **ret, struct err *err)
{
	CLEANUP(free) char *path = client_path("/v1/profiles/%s/check", name);
	CLEANUP(json_decref) json_t *nothing = json_object();

	return client_send(c, "POST", path, nothing, ret, err);
}

static int await(struct client *c, const char *name, json_t **ret, struct err *err)
{
	CLEANUP(free) char *path = client_path("/v1/profiles/%s", name);
	const int64_t until = clock_mono_ms() + GIVE_UP_MS;
	const struct timespec pause = { 0, ASK_AGAIN_MS * 1000000L };

	for (;;) {
		CLEANUP(json_decref) json_t *profile = NULL;
		int rc = client_get(c, path, &profile, err);

		if (rc < 0)
			return rc;
		if (!is_running(profile)) {
			*ret = TAKE(profile);
			return 0;
		}
		if (clock_mono_ms() >= until)
			return err_set(err, ERR_TIMEOUT,
				       "the check of %s has not ended in time", name);
		(void)nanosleep(&pause, NULL);
	}
}

/* All begin before the first is waited for. *ret: profiles with their checks. */
static int check_all(struct client *c, const json_t *profiles, json_t **ret,
		     struct err *err)
{
	CLEANUP(json_decref) json_t *list = json_array();
	const json_t *profile;
	size_t i;
	int rc = 0;

	json_array_foreach(profiles, i, profile)
	{
		CLEANUP(json_decref) json_t *begun = NULL;

		if (rc == 0 && *field_text(profile, "driver"))
			rc = begin(c, field_text(profile, "name"), &begun, err);
	}
	json_array_foreach(profiles, i, profile)
	{
		json_t *done = NULL;

		if (rc == 0)
			rc = await(c, field_text(profile, "name"), &done, err);
		if (done)
			json_array_append_new(list, done);
	}
	if (rc == 0)
		*ret = TAKE(list);
	return rc;
}

static int read_profiles(struct client *c, const char *name, json_t **ret,
			 struct err *err)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(json_decref) json_t *one = NULL;
	int rc;

	if (!name)
		return client_list(c, "/v1/profiles", ret, err);
	path = client_path("/v1/profiles/%s", name);
	rc = client_get(c, path, &one, err);
	if (rc == 0)
		*ret = json_pack("[O]", one);
	return rc;
}

static int check(const struct args *a, struct err *err)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *profiles = NULL;
	CLEANUP(json_decref) json_t *done = NULL;
	const json_t *profile;
	size_t i, n_failed = 0;
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = read_profiles(&c, a->n > 1 ? a->position[1] : NULL, &profiles, err);
	if (rc == 0)
		rc = check_all(&c, profiles, &done, err);
	if (rc < 0)
		return rc;
	if (a->json)
		client_print(done);
	json_array_foreach(done, i, profile)
	{
		if (!a->json)
			print_profile(profile);
		n_failed += !json_is_true(
			json_object_get(json_object_get(profile, "check"), "ok"));
	}
	if (n_failed)
		return err_set(err, ERR_INVAL, "%zu of %zu profiles cannot be used",
			       n_failed, json_array_size(done));
	return 0;
}

/* ---------------------------------------------------------------- the list */

static int list(const struct args *a, struct err *err)
{
	static const struct table_column columns[] = {
		{ "PROFILE", "name", TABLE_TEXT },
		{ "DRIVER", "driver", TABLE_TEXT },
		{ "SOURCE", "source", TABLE_TEXT },
		{ "CHECKED", "check.finished", TABLE_AGE },
		{ "OK", "check.ok", TABLE_TEXT },
		{ "LEFT", "check.quota.left", TABLE_TEXT },
		{ "PROBLEM", "problem", TABLE_TEXT },
		{ NULL, NULL, TABLE_TEXT },
	};
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *rows = NULL;
	CLEANUP(json_decref) json_t *status = NULL;
	int64_t now_ms = clock_wall_ms();
	int rc = client_init(&c, a, err);

	if (rc == 0)
		rc = client_get(&c, "/v1/status", &status, err);
	if (rc == 0)
		rc = jread_time_opt(status, "now", &now_ms, err);
	if (rc == 0)
		rc = client_list(&c, "/v1/profiles", &rows, err);
	if (rc == 0 && a->json)
		client_print(rows);
	else if (rc == 0)
		table_print(rows, columns, now_ms);
	return rc;
}

int cli_credentials(int argc, char **argv)
{
	struct err err;
	struct args a;
	int rc = args_read(argc, argv, "", 0, 2, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.n == 0 || (a.n == 1 && strcmp(a.position[0], "list") == 0))
		return client_exit(&a, list(&a, &err), &err);
	if (strcmp(a.position[0], "check") == 0)
		return client_exit(&a, check(&a, &err), &err);
	return cli_fail(EXIT_USAGE, argv[0], "takes list or check [PROFILE]");
}
