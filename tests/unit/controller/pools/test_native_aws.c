/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Credentials where AWS' own tools keep them. */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "native.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET "sesame/open+now="

static char dir[64], home[80], credentials[96], config[96];

static const char *const variables[] = {
	"AWS_ACCESS_KEY_ID",    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_PROFILE",          "AWS_DEFAULT_PROFILE",   "AWS_REGION",
	"AWS_DEFAULT_REGION",   "AWS_ENDPOINT_URL",      "AWS_ENDPOINT_URL_EC2",
	"AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE",         "AWS_SHARED_CREDENTIALS_FILE",
	"AWS_CONFIG_FILE",
};

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-native-aws-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(home, sizeof(home), "%s/.aws", dir);
	assert_int_equal(mkdir(home, 0700), 0);
	snprintf(credentials, sizeof(credentials), "%s/credentials", home);
	snprintf(config, sizeof(config), "%s/config", home);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", dir, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(credentials);
	(void)unlink(config);
	(void)rmdir(home);
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

static const char *text_in(const json_t *pairs, const char *name)
{
	const char *text = json_string_value(json_object_get(pairs, name));

	return text ? text : "";
}

#define OURS                              \
	"[default]\n"                     \
	"aws_access_key_id = AKIDOTHER\n" \
	"aws_secret_access_key = other\n" \
	"[ours]\n"                        \
	"aws_access_key_id = AKIDOURS\n"  \
	"aws_secret_access_key = " SECRET "\n"

static void a_profile_is_read_from_both_files(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "aws_profile", "ours");
	CLEANUP(json_decref)
	json_t *want = json_pack("{s:s, s:s, s:s}", "access_key_id", "AKIDOURS",
				 "secret_access_key", SECRET, "region", "eu-north-1");
	struct err e;

	(void)state;
	write_file(credentials, OURS, 0600);
	/* The token is of the keys beside it, which the others replace. */
	write_file(config,
		   "[default]\nregion = us-east-1\n[profile ours]\noutput = json\n"
		   "region = eu-north-1\naws_access_key_id = AKIDOLD\n"
		   "aws_secret_access_key = old\naws_session_token = old\n"
		   "s3 =\n  max_concurrent_requests = 20\n",
		   0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_true(json_equal(pairs, want));
}

static void one_of_the_files_may_be_missing(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "aws_profile", "ours");
	CLEANUP(json_decref) json_t *again = json_pack("{s:s}", "aws_profile", "default");
	struct err e;

	(void)state;
	write_file(credentials, OURS, 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_string_equal(text_in(pairs, "access_key_id"), "AKIDOURS");
	(void)unlink(credentials);
	write_file(config, "[default]\nregion = us-east-1\n", 0644);
	assert_ok(native_resolve(again, &e), &e);
	assert_string_equal(text_in(again, "region"), "us-east-1");
}

static void the_profile_may_name_the_file_and_what_it_says_comes_first(void **state)
{
	CLEANUP(free) char *other = xasprintf("%s/other", dir);
	CLEANUP(json_decref)
	json_t *pairs = json_pack("{s:s, s:s, s:s}", "aws_profile", "ours",
				  "aws_credentials_file", other, "region", "eu-west-1");
	struct err e;

	(void)state;
	write_file(other, OURS "region = us-west-2\n", 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_string_equal(text_in(pairs, "access_key_id"), "AKIDOURS");
	assert_string_equal(text_in(pairs, "region"), "eu-west-1");
	assert_int_equal(json_object_size(pairs), 3);
	(void)unlink(other);
}

static void assert_refused(const char *in_credentials, mode_t mode, const char *in_config,
			   int code, const char *word)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "aws_profile", "ours");
	struct err e;

	write_file(credentials, in_credentials, mode);
	write_file(config, in_config, 0644);
	assert_int_equal(native_resolve(pairs, &e), code);
	if (!strstr(e.msg, word) || !strstr(e.msg, dir))
		fail_msg("%s", e.msg);
	assert_null(strstr(e.msg, SECRET));
}

static void what_cannot_be_used_is_named(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "aws_profile", "ours");
	struct err e;

	(void)state;
	assert_int_equal(native_resolve(pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, credentials));
	assert_refused(OURS, 0644, "", ERR_DENIED, "mode 0644");
	assert_refused("[other]\n", 0600, "[ours]\nregion = x\n", ERR_INVAL,
		       "profile 'ours'");
	assert_refused("[ours]\nsesame\n", 0600, "", ERR_INVAL, "credentials:2");
	assert_refused("[ours]\n", 0600, "[profile ours]\nrole_arn = x\n", ERR_INVAL,
		       "'role_arn'");
	assert_refused("[ours]\n", 0600, "[profile ours]\ncredential_process = x\n",
		       ERR_INVAL, "'credential_process'");
	assert_refused("[ours]\n", 0600, "[profile ours]\nsso_session = x\n", ERR_INVAL,
		       "'sso_session'");
	(void)unlink(config);
	write_file(credentials, OURS, 0600);
	setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
	assert_int_equal(native_resolve(pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "/nonexistent/config"));
	unsetenv("AWS_CONFIG_FILE");
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
	assert_int_equal(native_resolve(pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "/nonexistent/credentials"));
}

static void another_profiles_role_hinders_nobody(void **state)
{
	CLEANUP(json_decref) json_t *pairs = json_pack("{s:s}", "aws_profile", "ours");
	struct err e;

	(void)state;
	write_file(credentials, OURS, 0600);
	write_file(config, "[profile theirs]\nrole_arn = x\n", 0644);
	assert_ok(native_resolve(pairs, &e), &e);
}

static void the_environment_has_keys_or_names_a_profile(void **state)
{
	CLEANUP(json_decref) json_t *none = NULL;
	CLEANUP(json_decref) json_t *keys = NULL;
	CLEANUP(json_decref) json_t *profile = NULL;
	struct err e;

	(void)state;
	assert_ok(native_from_environment("ec2", &none, &e), &e);
	assert_null(none);
	setenv("AWS_PROFILE", "ours", 1);
	setenv("AWS_DEFAULT_REGION", "eu-central-1", 1);
	write_file(credentials, OURS, 0600);
	assert_ok(native_from_environment("ec2", &profile, &e), &e);
	assert_string_equal(text_in(profile, "access_key_id"), "AKIDOURS");
	assert_string_equal(text_in(profile, "region"), "eu-central-1");
	setenv("AWS_ACCESS_KEY_ID", "AKIDENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
	setenv("AWS_SESSION_TOKEN", "t", 1);
	setenv("AWS_REGION", "eu-west-3", 1);
	setenv("AWS_ENDPOINT_URL", "http://all.test", 1);
	setenv("AWS_ENDPOINT_URL_EC2", "http://ec2.test", 1);
	setenv("AWS_CA_BUNDLE", "/ca.pem", 1);
	assert_ok(native_from_environment("ec2", &keys, &e), &e);
	assert_string_equal(text_in(keys, "access_key_id"), "AKIDENV");
	assert_string_equal(text_in(keys, "session_token"), "t");
	assert_string_equal(text_in(keys, "region"), "eu-west-3");
	assert_string_equal(text_in(keys, "endpoint"), "http://ec2.test");
	assert_string_equal(text_in(keys, "sts_endpoint"), "http://all.test");
	assert_string_equal(text_in(keys, "ca_bundle"), "/ca.pem");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_profile_is_read_from_both_files),
		TEST(one_of_the_files_may_be_missing),
		TEST(the_profile_may_name_the_file_and_what_it_says_comes_first),
		TEST(what_cannot_be_used_is_named),
		TEST(another_profiles_role_hinders_nobody),
		TEST(the_environment_has_keys_or_names_a_profile),
	};

	return cmocka_run_group_tests_name("native_aws", tests, NULL, NULL);
}
