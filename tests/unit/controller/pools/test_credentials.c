/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "cleanup.h"
#include "credentials.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64];
static char path[96];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-credentials-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/credentials", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)rmdir(dir);
	return 0;
}

static void write_file(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

/* The pairs of one profile. */
static int get_pairs(const char *file, const char *profile, json_t **ret, struct err *e)
{
	CLEANUP(json_decref) json_t *all = NULL;
	int rc = credentials_read(file, &all, e);

	if (rc < 0)
		return rc;
	*ret = json_incref(json_object_get(json_object_get(all, profile), "pairs"));
	return 0;
}

static const char two[] = "# of the test\n"
			  "[first]\n"
			  "token = sesame-open\n"
			  "region = eu ; a comment\n"
			  "[second]\n"
			  "token = other\n";

static void a_profile_is_its_own_section(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	struct err e;

	(void)state;
	write_file(two, 0600);
	assert_ok(get_pairs(path, "first", &pairs, &e), &e);
	assert_int_equal(json_object_size(pairs), 2);
	assert_string_equal(json_string_value(json_object_get(pairs, "token")),
			    "sesame-open");
	assert_string_equal(json_string_value(json_object_get(pairs, "region")), "eu");
}

static void each_profile_and_name_has_its_line(void **state)
{
	CLEANUP(json_decref) json_t *all = NULL;
	const json_t *second;
	struct err e;

	(void)state;
	write_file(two, 0600);
	assert_ok(credentials_read(path, &all, &e), &e);
	assert_int_equal(json_object_size(all), 2);
	second = json_object_get(all, "second");
	assert_int_equal(json_integer_value(json_object_get(second, "line")), 5);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(second, "lines"), "token")),
			 6);
}

static void a_profile_may_be_empty(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	struct err e;

	(void)state;
	write_file("[first]\n", 0600);
	assert_ok(get_pairs(path, "first", &pairs, &e), &e);
	assert_int_equal(json_object_size(pairs), 0);
}

static void a_file_that_others_may_read_is_refused_in_words(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0660, 0601, 0777 };
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(two, modes[i]);
		assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_DENIED);
		assert_non_null(strstr(e.msg, "chmod 0600"));
		assert_null(strstr(e.msg, "sesame"));
		assert_int_equal(credentials_check(path, &e), ERR_DENIED);
		assert_null(pairs);
	}
}

static void a_file_of_mode_0400_is_private_enough(void **state)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	struct err e;

	(void)state;
	write_file(two, 0400);
	assert_ok(get_pairs(path, "second", &pairs, &e), &e);
}

static void somebody_elses_file_is_refused(void **state)
{
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	write_file(two, 0600);
	/* root may give it away; others have no file of another owner to try with */
	assert_int_equal(geteuid(), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "belongs to user 65534"));
}

static void a_folder_is_no_credentials_file(void **state)
{
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	assert_int_equal(get_pairs(dir, "first", &pairs, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "regular"));
}

static void a_missing_file_is_an_error_only_when_it_is_needed(void **state)
{
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, path));
	assert_ok(credentials_check(path, &e), &e);
}

static void errors_name_the_line_and_never_the_secret(void **state)
{
	static const char *const bad[] = {
		"[first]\ntoken = sesame-open\nsesame-open\n",
		"token = sesame-open\n[first]\n",
		"[first]\ntoken = a\ntoken = sesame-open\n",
		"[first\ntoken = sesame-open\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *pairs = NULL;
		struct err e;

		write_file(bad[i], 0600);
		assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "credentials:"));
		assert_null(strstr(e.msg, "sesame"));
		assert_null(pairs);
	}
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
	enum { BYTES = 256 * 1024 };
	char *text = calloc(1, BYTES + 2);
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	assert_non_null(text);
	memset(text, '#', BYTES + 1);
	memcpy(text, two, strlen(two));
	write_file(text, 0600);
	free(text);
	assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "is larger than 262144 bytes"));
	assert_null(pairs);
}

static void a_secret_that_is_no_text_is_refused_without_it(void **state)
{
	json_t *pairs = NULL;
	struct err e;

	(void)state;
	write_file("[first]\ntoken = sesame\xff\n", 0600);
	assert_int_equal(get_pairs(path, "first", &pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "UTF-8"));
	assert_null(strstr(e.msg, "sesame"));
	assert_null(pairs);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_profile_is_its_own_section),
		TEST(each_profile_and_name_has_its_line),
		TEST(a_profile_may_be_empty),
		TEST(a_file_that_others_may_read_is_refused_in_words),
		TEST(a_file_of_mode_0400_is_private_enough),
		TEST(somebody_elses_file_is_refused),
		TEST(a_file_that_is_too_large_is_not_read),
		TEST(a_secret_that_is_no_text_is_refused_without_it),
		TEST(a_folder_is_no_credentials_file),
		TEST(a_missing_file_is_an_error_only_when_it_is_needed),
		TEST(errors_name_the_line_and_never_the_secret),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
