/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_gce.c - the JSON file of a key of a service account, as Google's own tools read
 * it.
 *
 * Source: https://cloud.google.com/docs/authentication/application-default-credentials
 */
#include "native_source.h"

#include "check.h"
#include "native_json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* told: what named the file. */
static int load(const char *file, const char *told, json_t *pairs, struct err *err)
{
	static const struct native_member taken[] = {
		{ "project_id", "project_id" },   { "client_email", "client_email" },
		{ "private_key", "private_key" }, { "private_key_id", "private_key_id" },
		{ "token_uri", "token_uri" },
	};
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = NULL;
	const char *type;
	int rc = native_json_read(file, told, &doc, &path, err);

	if (rc < 0)
		return rc;
	type = json_string_value(json_object_get(doc, "type"));
	if (!type || strcmp(type, "service_account") != 0)
		return err_set(err, ERR_INVAL,
			       "%s is not the key of a service account: its 'type' is "
			       "not service_account",
			       path);
	return native_json_take(doc, path, taken, ARRAY_SIZE(taken), pairs, err);
}

static int read_file(const char *name, const char *file, json_t *pairs, struct err *err)
{
	(void)file;
	return load(name, native_gce.name, pairs, err);
}

static int read_environment(json_t *pairs, struct err *err)
{
	static const char variable[] = "GOOGLE_APPLICATION_CREDENTIALS";
	const char *file = getenv(variable);
	const char *project = getenv("GOOGLE_CLOUD_PROJECT");
	int rc;

	if (!file || !*file)
		return 0;
	rc = load(file, variable, pairs, err);
	if (rc == 0 && project && *project)
		json_object_set_new(pairs, "project_id", json_text(project));
	return rc;
}

const struct native_source native_gce = {
	.driver = "gce",
	.name = "gce_service_account_file",
	.read = read_file,
	.read_environment = read_environment,
};
