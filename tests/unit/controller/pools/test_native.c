/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Credentials where clouds' own tools keep them. */
#include "test.h"

#include "cleanup.h"
#include "native.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET "sesame-open"

static char dir[64], clouds[96], secure[96];

static const char *const variables[] = {
	"OS_CLOUD",
	"OS_AUTH_URL",
	"OS_USERNAME",
	"OS_PASSWORD",
	"OS_PROJECT_NAME",
	"OS_REGION_NAME",
	"OS_CLIENT_CONFIG_FILE",
	"CREDENTIALS_DIRECTORY",
	"HCLOUD_TOKEN",
	"HCLOUD_ENDPOINT",
	"DIGITALOCEAN_TOKEN",
	"DIGITALOCEAN_ACCESS_TOKEN",
	"DIGITALOCEAN_API_URL",
};

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-native-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(clouds, sizeof(clouds), "%s/clouds.yaml", dir);
	snprintf(secure, sizeof(secure), "%s/secure.yaml", dir);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(clouds);
	(void)unlink(secure);
	(void)rmdir(dir);
	return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

/* A profile that names the cloud of the test's file. */
static json_t *profile(void)
{
	return json_pack("{s:s, s:s}", "openstack_cloud", "ours", "openstack_clouds_file",
			 clouds);
}

static const char *text_in(const json_t *pairs, const char *name)
{
	const char *text = json_string_value(json_object_get(pairs, name));

	return text ? text : "";
}

#define CLOUD(more)                                     \
	"clouds:\n"                                     \
	"  other: {auth: {auth_url: 'http://other'}}\n" \
	"  ours:\n"                                     \
	"    region_name: one\n"                        \
	"    interface: internal\n"                     \
	"    identity_api_version: 3\n"                 \
	"    volume_api_version: 3\n"                   \
	"    auth:\n"                                   \
	"      auth_url: https://keystone.test/v3\n"    \
	"      username: u\n"                           \
	"      tenant_name: p\n" more

static void a_cloud_is_read_with_what_secure_yaml_adds(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile();
	struct err e;

	(void)state;
	write_file(clouds, CLOUD(""), 0644);
	write_file(secure, "clouds: {ours: {auth: {password: " SECRET "}}}\n", 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_string_equal(text_in(pairs, "auth_url"), "https://keystone.test/v3");
	assert_string_equal(text_in(pairs, "username"), "u");
	assert_string_equal(text_in(pairs, "project_name"), "p");
	assert_string_equal(text_in(pairs, "password"), SECRET);
	assert_string_equal(text_in(pairs, "region_name"), "one");
	assert_string_equal(text_in(pairs, "interface"), "internal");
	assert_int_equal(json_object_size(pairs), 6);
}

static void what_the_profile_says_comes_first(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile();
	struct err e;

	(void)state;
	json_object_set_new(pairs, "region_name", json_string("two"));
	write_file(clouds, CLOUD(""), 0644);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_string_equal(text_in(pairs, "region_name"), "two");
}

static void a_profile_without_a_source_is_left_as_it_is(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "token", "x");
	struct err e;

	(void)state;
	assert_ok(native_resolve(pairs, &e), &e);
	assert_int_equal(json_object_size(pairs), 1);
	json_object_set_new(pairs, "openstack_clouds_file", json_string(clouds));
	assert_int_equal(native_resolve(pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "openstack_cloud"));
}

static void assert_refused(const char *text, mode_t mode, int code, const char *word)
{
	CLEANUP(json_decref) json_t *pairs = profile();
	struct err e;

	write_file(clouds, text, mode);
	assert_int_equal(native_resolve(pairs, &e), code);
	if (!strstr(e.msg, word) || !strstr(e.msg, dir))
		fail_msg("%s", e.msg);
	assert_null(strstr(e.msg, SECRET));
}

static void what_cannot_be_used_is_named(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile();
	struct err e;

	(void)state;
	assert_int_equal(native_resolve(pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, clouds));
	assert_refused("clouds: {}\n", 0600, ERR_INVAL, "no cloud 'ours'");
	assert_refused("clouds: [" SECRET "\n", 0600, ERR_INVAL, "line 2");
	assert_refused(CLOUD("      password: " SECRET "\n"), 0644, ERR_DENIED,
		       "mode 0644");
	assert_refused(CLOUD("      password: [" SECRET "]\n"), 0600, ERR_INVAL,
		       "'password' must be a text");
	assert_refused(CLOUD("    verify: false\n"), 0600, ERR_INVAL, "cacert");
	assert_refused(CLOUD("    profile: vendor\n"), 0600, ERR_INVAL, "'profile'");
	assert_refused(CLOUD("    auth_type: v3kerberos\n"), 0600, ERR_INVAL,
		       "'auth_type'");
	write_file(secure, "clouds: {ours: {auth: {password: " SECRET "}}}\n", 0640);
	assert_refused(CLOUD(""), 0600, ERR_DENIED, "secure.yaml has mode 0640");
}

static void the_environment_is_one_cloud(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	struct err e;

	(void)state;
	assert_ok(native_from_environment("openstack", &pairs, &e), &e);
	assert_null(pairs);
	setenv("OS_AUTH_URL", "https://keystone.test", 1);
	setenv("OS_USERNAME", "u", 1);
	setenv("OS_PASSWORD", SECRET, 1);
	setenv("OS_REGION_NAME", "", 1);
	assert_ok(native_from_environment("fake", &pairs, &e), &e);
	assert_null(pairs);
	assert_ok(native_from_environment("openstack", &pairs, &e), &e);
	assert_string_equal(text_in(pairs, "password"), SECRET);
	assert_int_equal(json_object_size(pairs), 3);
}

static void the_environment_may_name_a_cloud_and_its_file(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	CLEANUP(json_decref) json_t *by_systemd = NULL;
	struct err e;

	(void)state;
	write_file(clouds, CLOUD(""), 0644);
	setenv("OS_CLOUD", "ours", 1);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_ok(native_from_environment("openstack", &by_systemd, &e), &e);
	assert_string_equal(text_in(by_systemd, "username"), "u");
	setenv("OS_CLIENT_CONFIG_FILE", "/nonexistent/clouds.yaml", 1);
	assert_int_equal(native_from_environment("openstack", &pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "/nonexistent/clouds.yaml"));
	assert_null(pairs);
}

static void a_token_may_be_in_a_file_of_its_own(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "token_file", clouds);
	struct err e;

	(void)state;
	write_file(clouds, SECRET "\n", 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_string_equal(text_in(pairs, "token"), SECRET);
	assert_int_equal(json_object_size(pairs), 1);
}

static void a_file_that_is_no_tokens_is_named(void **state)
{
	static const struct {
		const char *text, *word;
		mode_t mode;
		int code;
	} cases[] = {
		{ SECRET "\n", "mode 0640", 0640, ERR_DENIED },
		{ "", "must be the token", 0600, ERR_INVAL },
		{ "\n" SECRET "\n", "must be the token", 0600, ERR_INVAL },
		{ SECRET "\n" SECRET "\n", "must be the token", 0600, ERR_INVAL },
		{ NULL, "token_file", 0, ERR_INVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(json_decref)
		json_t *pairs = json_pack("{s:s}", "token_file", clouds);
		struct err e;

		(void)unlink(clouds);
		if (cases[i].text)
			write_file(clouds, cases[i].text, cases[i].mode);
		assert_int_equal(native_resolve(pairs, &e), cases[i].code);
		if (!strstr(e.msg, cases[i].word) || !strstr(e.msg, clouds))
			fail_msg("%s", e.msg);
		assert_null(strstr(e.msg, SECRET));
	}
}

static void the_environment_may_hold_a_token(void **state)
{
	static const char *const names[][3] = {
		{ "hetzner", "HCLOUD_TOKEN", "HCLOUD_ENDPOINT" },
		{ "digitalocean", "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_API_URL" },
		{ "digitalocean", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_API_URL" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CLEANUP(json_decref) json_t *none = NULL;
		CLEANUP(json_decref) json_t *pairs = NULL;

		setenv(names[i][2], "http://cloud.test", 1);
		if (i < 2) {
			assert_ok(native_from_environment(names[i][0], &none, &e), &e);
			assert_null(none);
		}
		setenv(names[i][1], names[i][1], 1);
		assert_ok(native_from_environment(names[i][0], &pairs, &e), &e);
		assert_string_equal(text_in(pairs, "token"), names[i][1]);
		assert_string_equal(text_in(pairs, "endpoint"), "http://cloud.test");
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cloud_is_read_with_what_secure_yaml_adds),
		TEST(what_the_profile_says_comes_first),
		TEST(a_profile_without_a_source_is_left_as_it_is),
		TEST(what_cannot_be_used_is_named),
		TEST(the_environment_is_one_cloud),
		TEST(the_environment_may_name_a_cloud_and_its_file),
		TEST(a_token_may_be_in_a_file_of_its_own),
		TEST(a_file_that_is_no_tokens_is_named),
		TEST(the_environment_may_hold_a_token),
	};

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
