/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service principal, where the az command and Azure's SDKs have it. */
#include "native_file.h"

#define SECRET "sesame-open"
#define PRINCIPAL                                                                       \
	"{\"clientId\": \"c\", \"clientSecret\": \"" SECRET "\", \"tenantId\": \"t\", " \
	"\"subscriptionId\": \"s\", \"activeDirectoryEndpointUrl\": "                   \
	"\"https://login.test\", \"resourceManagerEndpointUrl\": "                      \
	"\"https://azure.test/\""                                                       \
	", \"galleryEndpointUrl\": \"x\"}"

static json_t *profile(const char *path)
{
	return json_pack("{s:s, s:s}", "azure_auth_file", path, "resource_group", "g");
}

static void assert_principal(const json_t *pairs)
{
	assert_text(pairs, "tenant_id", "t");
	assert_text(pairs, "client_id", "c");
	assert_text(pairs, "client_secret", SECRET);
	assert_text(pairs, "subscription_id", "s");
	assert_text(pairs, "resource_group", "g");
	assert_text(pairs, "authority", "https://login.test");
}

static void a_profile_names_the_file_that_az_wrote(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile(file);
	CLEANUP(json_decref) json_t *beside = profile("key.json");
	struct err e;

	(void)state;
	write_file(PRINCIPAL, 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_principal(pairs);
	assert_text(pairs, "endpoint", "https://azure.test/");
	assert_int_equal(json_object_size(pairs), 7);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_ok(native_resolve(beside, &e), &e);
	assert_principal(beside);
}

static void the_environment_has_it_whole_or_names_the_file(void **state)
{
	CLEANUP(json_decref) json_t *whole = NULL;
	CLEANUP(json_decref) json_t *by_file = NULL;
	json_t *none = NULL;
	struct err e;

	(void)state;
	setenv("AZURE_TENANT_ID", "t", 1);
	setenv("AZURE_CLIENT_ID", "c", 1);
	setenv("AZURE_SUBSCRIPTION_ID", "s", 1);
	setenv("AZURE_AUTHORITY_HOST", "https://login.test", 1);
	setenv("AZURE_DEFAULTS_GROUP", "g", 1);
	/* Without a secret they are another login's. */
	assert_ok(native_from_environment("azure", &none, &e), &e);
	assert_null(none);
	setenv("AZURE_AUTH_LOCATION", file, 1);
	assert_int_equal(native_from_environment("azure", &none, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "AZURE_AUTH_LOCATION"));
	write_file(PRINCIPAL, 0600);
	assert_ok(native_from_environment("azure", &by_file, &e), &e);
	assert_principal(by_file);
	(void)unlink(file);
	setenv("AZURE_CLIENT_SECRET", SECRET, 1);
	assert_ok(native_from_environment("azure", &whole, &e), &e);
	assert_principal(whole);
}

static void a_file_that_cannot_be_used_is_refused_by_name(void **state)
{
	static const struct {
		const char *text; /* NULL: there is none */
		mode_t mode;
		const char *word;
	} cases[] = {
		{ NULL, 0, "azure_auth_file" },
		{ PRINCIPAL, 0640, "0600" },
		{ "<" SECRET ">", 0600, "not JSON" },
		{ "{\"clientId\": \"" SECRET "\"}", 0600, "clientSecret" },
		{ "{\"clientSecret\": [\"" SECRET "\"]}", 0600, "clientSecret" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(json_decref) json_t *pairs = profile(file);
		struct err e = { .msg = "" };

		if (cases[i].text)
			write_file(cases[i].text, cases[i].mode);
		assert_true(native_resolve(pairs, &e) < 0);
		assert_non_null(strstr(e.msg, cases[i].word));
		assert_non_null(strstr(e.msg, file));
		assert_null(strstr(e.msg, SECRET));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_profile_names_the_file_that_az_wrote),
		IN_FOLDER(the_environment_has_it_whole_or_names_the_file),
		IN_FOLDER(a_file_that_cannot_be_used_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("native_azure", tests, NULL, NULL);
}
