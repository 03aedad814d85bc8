/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_openstack.c - clouds.yaml with the secure.yaml beside it, and the OS_*
 * variables, as OpenStack's own tools read them.
 *
 * Source: https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
 */
#include "native_source.h"

#include "check.h"
#include "private_file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- the files */

/* The first that there is of where the tools look; the caller frees it. */
static char *find_file(void)
{
	static const struct {
		const char *variable, *rest;
	} places[] = {
		{ "OS_CLIENT_CONFIG_FILE", "" },
		{ "CREDENTIALS_DIRECTORY", "/clouds.yaml" },
		{ "XDG_CONFIG_HOME", "/openstack/clouds.yaml" },
		{ "HOME", "/.config/openstack/clouds.yaml" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *start = getenv(places[i].variable);
		CLEANUP(free)
		char *path = start ? xasprintf("%s%s", start, places[i].rest) : NULL;

		/* A variable that names the file itself is meant. */
		if (path && (i == 0 || access(path, F_OK) == 0))
			return TAKE(path);
	}
	return xstrdup("/etc/openstack/clouds.yaml");
}

static bool has_secret(const json_t *auth)
{
	return json_object_get(auth, "password") ||
	       json_object_get(auth, "application_credential_secret");
}

/* What a file says of a cloud; *ret stays NULL when it does not know it. */
static int read_cloud(const char *path, const char *name, json_t **ret, struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *cloud;
	int rc = private_file_read(path, &f, err);

	if (rc == 0)
		rc = yaml_read(f.text, strlen(f.text), path, &doc, err);
	if (rc < 0)
		return rc;
	cloud = json_object_get(json_object_get(doc, "clouds"), name);
	if (f.exposed.code && has_secret(json_object_get(cloud, "auth")))
		return err_set(err, f.exposed.code, "%s", f.exposed.msg);
	if (json_is_object(cloud))
		*ret = json_incref(cloud);
	return 0;
}

/* secure.yaml, in the same folder, holds what clouds.yaml should not; it comes first. */
static int merge_secure(const char *path, const char *name, json_t *cloud,
			struct err *err)
{
	const char *end = strrchr(path, '/');
	CLEANUP(free)
	char *secure =
		xasprintf("%.*ssecure.yaml", end ? (int)(end + 1 - path) : 0, path);
	CLEANUP(json_decref) json_t *more = NULL;
	int rc = read_cloud(secure, name, &more, err);

	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0 && more)
		(void)json_object_update_recursive(cloud, more);
	return rc;
}

/* ---------------------------------------------------------------- one cloud */

/* Where a setting of the tools would change what is connected to, and is not taken. */
static int check_settings(const json_t *cloud, const char *path, const char *name,
			  struct err *err)
{
	static const struct {
		const char *name, *taken[4], *advice;
	} settings[] = {
		{ "verify",
		  { "true", "True", "yes" },
		  "give the cloud's CA with cacert" },
		{ "profile", { NULL }, "write what it stands for" },
		{ "cloud", { NULL }, "write what it stands for" },
		{ "auth_type",
		  { "password", "v3password", "v3applicationcredential" },
		  "use a password or an application credential" },
		{ "identity_api_version",
		  { "3", "v3" },
		  "Keystone's version 3 is needed" },
		{ "cert", { NULL }, "use a password or an application credential" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const json_t *v = json_object_get(cloud, settings[i].name);
		const char *text = json_string_value(v) ?: "";
		const char *const *taken = settings[i].taken;

		while (v && *taken && strcmp(*taken, text) != 0)
			taken++;
		if (v && !*taken)
			return err_set(err, ERR_INVAL,
				       "%s: cloud '%s': its '%s' is not taken: %s", path,
				       name, settings[i].name, settings[i].advice);
	}
	return 0;
}

/* Clouds of before Keystone v3 call a project a tenant. */
static void add(json_t *pairs, const char *name, const json_t *value)
{
	static const char *const old[][2] = {
		{ "tenant_name", "project_name" },
		{ "tenant_id", "project_id" },
		{ "endpoint_type", "interface" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		if (strcmp(name, old[i][0]) == 0)
			name = old[i][1];
	json_object_set(pairs, name, (json_t *)(uintptr_t)value);
}

static int take_cloud(const json_t *cloud, const char *path, const char *name,
		      json_t *pairs, struct err *err)
{
	static const char *const outside[] = { "region_name", "interface",
					       "endpoint_type", "cacert" };
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(cloud, "auth"), key, value)
	{
		if (!json_is_string(value))
			return err_set(err, ERR_INVAL,
				       "%s: cloud '%s': '%s' must be a text", path, name,
				       key);
		add(pairs, key, value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		value = json_object_get(cloud, outside[i]);
		if (json_is_string(value))
			add(pairs, outside[i], value);
	}
	return 0;
}

static int read_clouds(const char *name, const char *file, json_t *pairs, struct err *err)
{
	CLEANUP(free) char *path = file ? xstrdup(file) : find_file();
	CLEANUP(json_decref) json_t *cloud = NULL;
	int rc = read_cloud(path, name, &cloud, err);

	if (rc == ERR_NOT_FOUND)
		return err_wrap(err, ERR_INVAL, "openstack_cloud = %s", name);
	if (rc == 0 && !cloud)
		return err_set(err, ERR_INVAL, "%s has no cloud '%s'", path, name);
	if (rc == 0)
		rc = merge_secure(path, name, cloud, err);
	if (rc == 0)
		rc = check_settings(cloud, path, name, err);
	return rc < 0 ? rc : take_cloud(cloud, path, name, pairs, err);
}

/* ---------------------------------------------------------------- the environment */

static int read_environment(json_t *pairs, struct err *err)
{
	static const char *const variables[][2] = {
		{ "OS_AUTH_URL", "auth_url" },
		{ "OS_APPLICATION_CREDENTIAL_ID", "application_credential_id" },
		{ "OS_APPLICATION_CREDENTIAL_NAME", "application_credential_name" },
		{ "OS_APPLICATION_CREDENTIAL_SECRET", "application_credential_secret" },
		{ "OS_USERNAME", "username" },
		{ "OS_USER_ID", "user_id" },
		{ "OS_PASSWORD", "password" },
		{ "OS_USER_DOMAIN_NAME", "user_domain_name" },
		{ "OS_USER_DOMAIN_ID", "user_domain_id" },
		{ "OS_PROJECT_NAME", "project_name" },
		{ "OS_PROJECT_ID", "project_id" },
		{ "OS_PROJECT_DOMAIN_NAME", "project_domain_name" },
		{ "OS_PROJECT_DOMAIN_ID", "project_domain_id" },
		{ "OS_REGION_NAME", "region_name" },
		{ "OS_INTERFACE", "interface" },
		{ "OS_CACERT", "cacert" },
	};
	const char *cloud = getenv("OS_CLOUD");

	if (cloud)
		return read_clouds(cloud, NULL, pairs, err);
	if (!getenv("OS_AUTH_URL"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i][0]);

		if (value && *value)
			json_object_set_new(pairs, variables[i][1], json_text(value));
	}
	return 0;
}

const struct native_source native_openstack = {
	.driver = "openstack",
	.name = "openstack_cloud",
	.file = "openstack_clouds_file",
	.read = read_clouds,
	.read_environment = read_environment,
};
