/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of a service account's key, where Google's own tools find it. */
#include "native_file.h"

#define SECRET "sesame-open"
#define ACCOUNT                                                                  \
	"{\"type\": \"service_account\", \"project_id\": \"p\", \"client_id\": " \
	"\"1\", \"private_key\": \"" SECRET "\", \"client_email\": \"a@p\"}"

static json_t *profile(const char *path)
{
	return json_pack("{s:s, s:s}", "gce_service_account_file", path, "endpoint",
			 "https://gce.test");
}

static void a_profile_names_the_file_of_a_key(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile(file);
	struct err e;

	(void)state;
	write_file(ACCOUNT, 0600);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_text(pairs, "project_id", "p");
	assert_text(pairs, "client_email", "a@p");
	assert_text(pairs, "private_key", SECRET);
	assert_text(pairs, "endpoint", "https://gce.test");
	assert_int_equal(json_object_size(pairs), 4);
}

static void a_file_may_be_among_the_credentials_of_the_service(void **state)
{
	CLEANUP(json_decref) json_t *pairs = profile("key.json");
	struct err e;

	(void)state;
	write_file(ACCOUNT, 0600);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_ok(native_resolve(pairs, &e), &e);
	assert_text(pairs, "project_id", "p");
}

static void the_environment_names_it_and_another_project(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	json_t *none = NULL;
	struct err e;

	(void)state;
	assert_ok(native_from_environment("gce", &none, &e), &e);
	assert_null(none);
	setenv("GOOGLE_APPLICATION_CREDENTIALS", file, 1);
	assert_int_equal(native_from_environment("gce", &none, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "GOOGLE_APPLICATION_CREDENTIALS"));
	write_file(ACCOUNT, 0600);
	setenv("GOOGLE_CLOUD_PROJECT", "other", 1);
	assert_ok(native_from_environment("gce", &pairs, &e), &e);
	assert_text(pairs, "project_id", "other");
	assert_text(pairs, "private_key", SECRET);
}

static void a_file_that_cannot_be_used_is_refused_by_name(void **state)
{
	static const struct {
		const char *text; /* NULL: there is none */
		mode_t mode;
		const char *word;
	} cases[] = {
		{ NULL, 0, "gce_service_account_file" },
		{ ACCOUNT, 0640, "0600" },
		{ "<" SECRET ">", 0600, "not JSON" },
		{ "{\"type\": \"authorized_user\", \"refresh_token\": \"" SECRET "\"}",
		  0600, "service_account" },
		{ "{\"type\": \"service_account\", \"private_key\": [\"" SECRET "\"]}",
		  0600, "private_key" },
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
		IN_FOLDER(a_profile_names_the_file_of_a_key),
		IN_FOLDER(a_file_may_be_among_the_credentials_of_the_service),
		IN_FOLDER(the_environment_names_it_and_another_project),
		IN_FOLDER(a_file_that_cannot_be_used_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("native_gce", tests, NULL, NULL);
}
