/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_azure.c - a service principal, as the az command writes it into a file
 * (az ad sp create-for-rbac --json-auth), and as Azure's SDKs have it in variables.
 *
 * Source: https://learn.microsoft.com/cli/azure/ad/sp and
 * https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential
 */
#include "native_source.h"

#include "check.h"
#include "native_json.h"
#include "text.h"

#include <stdlib.h>

static int load(const char *file, const char *told, json_t *pairs, struct err *err)
{
	static const struct native_member taken[] = {
		{ "tenantId", "tenant_id" },
		{ "clientId", "client_id" },
		{ "clientSecret", "client_secret" },
		{ "subscriptionId", "subscription_id" },
		{ "activeDirectoryEndpointUrl", "authority" },
		{ "resourceManagerEndpointUrl", "endpoint" },
	};
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = NULL;
	int rc = native_json_read(file, told, &doc, &path, err);

	if (rc < 0)
		return rc;
	if (!json_object_get(doc, "clientSecret"))
		return err_set(err, ERR_INVAL,
			       "%s is not of a service principal with a secret: it has "
			       "no 'clientSecret'",
			       path);
	return native_json_take(doc, path, taken, ARRAY_SIZE(taken), pairs, err);
}

static int read_file(const char *name, const char *file, json_t *pairs, struct err *err)
{
	(void)file;
	return load(name, native_azure.name, pairs, err);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The secret or the file makes them credentials; the rest comes with these. */
static int read_environment(json_t *pairs, struct err *err)
{
	static const char *const others[][2] = {
		{ "AZURE_TENANT_ID", "tenant_id" },
		{ "AZURE_CLIENT_ID", "client_id" },
		{ "AZURE_CLIENT_SECRET", "client_secret" },
		{ "AZURE_SUBSCRIPTION_ID", "subscription_id" },
		{ "AZURE_AUTHORITY_HOST", "authority" },
		{ "AZURE_DEFAULTS_GROUP", "resource_group" },
	};
	static const char location[] = "AZURE_AUTH_LOCATION";
	const char *file = variable(location);
	int rc = 0;

	if (variable("AZURE_CLIENT_SECRET"))
		file = NULL;
	else if (!file)
		return 0;
	if (file)
		rc = load(file, location, pairs, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(others); i++)
		if (variable(others[i][0]))
			json_object_set_new(pairs, others[i][1],
					    json_text(variable(others[i][0])));
	return rc;
}

const struct native_source native_azure = {
	.driver = "azure",
	.name = "azure_auth_file",
	.read = read_file,
	.read_environment = read_environment,
};
