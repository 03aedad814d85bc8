/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_keyring.c - what is in force while the files on disk change.
 */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "keyring.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct ring {
	char dir[64];
	char *path, *token_path;
	struct keyring *k;
	int n_asked;       /* whether a driver takes them */
	bool is_refused;   /* by the driver */
	char asked_of[64]; /* the profile */
};

static int setup(void **state)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	snprintf(r->dir, sizeof(r->dir), "/tmp/ft-keyring-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->path = xasprintf("%s/credentials", r->dir);
	r->token_path = xasprintf("%s/token", r->dir);
	r->k = keyring_new(r->path);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct ring *r = *state;

	keyring_free(r->k);
	(void)unlink(r->path);
	(void)unlink(r->token_path);
	(void)rmdir(r->dir);
	free(r->path);
	free(r->token_path);
	free(r);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static int accept(void *arg, const char *profile, const char *driver, const json_t *pairs,
		  struct err *err)
{
	struct ring *r = arg;

	(void)driver, (void)pairs;
	r->n_asked++;
	snprintf(r->asked_of, sizeof(r->asked_of), "%s", profile);
	return r->is_refused ? err_set(err, ERR_INVAL, "there is no option 'tokn'") : 0;
}

/* How many profiles a look has changed. */
static size_t look(struct ring *r, bool at_once)
{
	CLEANUP(json_decref) json_t *changed = NULL;

	keyring_look(r->k, at_once, accept, r, &changed);
	return json_array_size(changed);
}

static void assert_token(struct ring *r, const char *profile, const char *token)
{
	CLEANUP(json_decref) json_t *pairs = NULL;
	struct err e;

	assert_ok(keyring_get(r->k, profile, "hetzner", &pairs, &e), &e);
	assert_int_equal(json_object_size(pairs), 1);
	assert_string_equal(json_string_value(json_object_get(pairs, "token")), token);
}

/* The only problem; the caller frees it. */
static char *problem_of(struct ring *r)
{
	CLEANUP(json_decref) json_t *list = json_array();
	const json_t *one;

	keyring_problems(r->k, list);
	assert_int_equal(json_array_size(list), 1);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "kind")),
			    "credentials-not-taken");
	assert_true(json_is_string(json_object_get(one, "since")));
	return xstrdup(json_string_value(json_object_get(one, "message")));
}

static void assert_no_problem(struct ring *r)
{
	CLEANUP(json_decref) json_t *list = json_array();

	keyring_problems(r->k, list);
	assert_int_equal(json_array_size(list), 0);
}

static const char two[] = "[eu]\ndriver = hetzner\ntoken = one\n[us]\ntoken = two\n";

static void a_change_is_taken_over_when_it_has_rested(void **state)
{
	struct ring *r = *state;

	write_file(r->path, two);
	assert_token(r, "eu", "one");
	write_file(r->path, "[eu]\n");
	assert_int_equal(look(r, false), 0);
	assert_token(r, "eu", "one");
	write_file(r->path, "[eu]\ntoken = new\n[us]\ntoken = two\n");
	assert_int_equal(look(r, false), 0);
	assert_token(r, "eu", "one");
	assert_int_equal(look(r, false), 1);
	assert_token(r, "eu", "new");
	assert_token(r, "us", "two");
	assert_string_equal(r->asked_of, "eu");
	assert_int_equal(r->n_asked, 1);
	assert_int_equal(look(r, false), 0);
}

static void it_need_not_rest_when_it_is_asked_for(void **state)
{
	struct ring *r = *state;

	write_file(r->path, two);
	assert_token(r, "us", "two");
	write_file(r->path, "[us]\ntoken = new\n");
	assert_int_equal(look(r, true), 2);
	assert_token(r, "us", "new");
}

static void a_wrong_file_leaves_all_as_they_were(void **state)
{
	static const char *const wrong[] = {
		"[eu]\ntoken = new\n[us]\ntoken = sesame\ntoken = sesame\n",
		"[eu]\ntoken = new\n[us]\n\nsesame\n",
	};
	struct ring *r = *state;

	write_file(r->path, two);
	assert_token(r, "eu", "one");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(free) char *problem = NULL;

		write_file(r->path, wrong[i]);
		assert_int_equal(look(r, true), 0);
		problem = problem_of(r);
		assert_non_null(strstr(problem, "credentials:5: "));
		assert_null(strstr(problem, "sesame"));
		assert_non_null(strstr(problem, "stays so"));
		assert_token(r, "eu", "one");
		assert_token(r, "us", "two");
	}
	write_file(r->path, two);
	assert_int_equal(look(r, true), 0);
	assert_no_problem(r);
}

static void one_that_others_may_read_or_that_is_gone_is_wrong(void **state)
{
	struct ring *r = *state;
	CLEANUP(free) char *problem = NULL;
	CLEANUP(free) char *gone = NULL;

	write_file(r->path, two);
	assert_token(r, "eu", "one");
	assert_int_equal(chmod(r->path, 0644), 0);
	assert_int_equal(look(r, true), 0);
	problem = problem_of(r);
	assert_non_null(strstr(problem, "chmod 0600"));
	assert_int_equal(unlink(r->path), 0);
	assert_int_equal(look(r, true), 0);
	gone = problem_of(r);
	assert_non_null(strstr(gone, "cannot be opened"));
	assert_token(r, "eu", "one");
}

static void a_file_that_never_was_there_is_not_missed(void **state)
{
	struct ring *r = *state;
	json_t *pairs = NULL;
	struct err e;

	assert_int_equal(keyring_get(r->k, "eu", "hetzner", &pairs, &e), ERR_NOT_FOUND);
	assert_no_problem(r);
	write_file(r->path, two);
	assert_int_equal(look(r, true), 2);
	assert_token(r, "eu", "one");
}

static void a_file_that_a_profile_names_is_looked_at_too(void **state)
{
	struct ring *r = *state;
	CLEANUP(free)
	char *text = xasprintf("[eu]\ndriver = hetzner\ntoken_file = %s\n[us]\n"
			       "token = two\n",
			       r->token_path);
	CLEANUP(free) char *problem = NULL;

	write_file(r->path, text);
	write_file(r->token_path, "one\n");
	assert_token(r, "eu", "one");
	write_file(r->token_path, "new\n");
	assert_int_equal(look(r, true), 1);
	assert_token(r, "eu", "new");
	/* What is wrong with it is told with the line that names it, and nothing is lost.
	 */
	write_file(r->token_path, "sesame\nsesame\n");
	assert_int_equal(look(r, true), 0);
	problem = problem_of(r);
	assert_non_null(strstr(problem, "[eu]: "));
	assert_null(strstr(problem, "sesame"));
	assert_token(r, "eu", "new");
	assert_int_equal(unlink(r->token_path), 0);
	assert_int_equal(look(r, true), 0);
	free(problem);
	problem = problem_of(r);
	assert_non_null(strstr(problem, "credentials:3: [eu]: token_file"));
	assert_token(r, "eu", "new");
	assert_token(r, "us", "two");
}

static void what_a_driver_refuses_is_not_taken_over(void **state)
{
	struct ring *r = *state;
	CLEANUP(free) char *problem = NULL;

	write_file(r->path, two);
	assert_token(r, "eu", "one");
	write_file(r->path, "[us]\ntoken = two\n[eu]\ndriver = hetzner\ntokn = new\n");
	r->is_refused = true;
	assert_int_equal(look(r, true), 0);
	problem = problem_of(r);
	assert_non_null(
		strstr(problem, "credentials:5: [eu]: there is no option 'tokn'"));
	assert_token(r, "eu", "one");
	/* Who asks is answered anew. */
	r->n_asked = 0;
	assert_int_equal(look(r, false), 0);
	assert_int_equal(r->n_asked, 0);
	assert_int_equal(look(r, true), 0);
	assert_int_equal(r->n_asked, 1);
	r->is_refused = false;
	write_file(r->path, "[us]\ntoken = two\n[eu]\ndriver = hetzner\ntoken = new\n");
	assert_int_equal(look(r, true), 1);
	assert_token(r, "eu", "new");
	assert_no_problem(r);
}

static void a_profile_that_is_taken_out_is_gone(void **state)
{
	struct ring *r = *state;
	json_t *pairs = NULL;
	struct err e;

	write_file(r->path, two);
	assert_token(r, "eu", "one");
	write_file(r->path, "[us]\ntoken = two\n");
	assert_int_equal(look(r, true), 1);
	assert_int_equal(keyring_get(r->k, "eu", "hetzner", &pairs, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "[eu]"));
	assert_token(r, "us", "two");
}

static void a_profile_is_of_its_driver_alone(void **state)
{
	struct ring *r = *state;
	json_t *pairs = NULL;
	struct err e;

	write_file(r->path, two);
	assert_int_equal(keyring_get(r->k, "eu", "ec2", &pairs, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "is of driver hetzner, not of ec2"));
	assert_token(r, "us", "two");
}

static void the_list_says_whose_they_are_without_them(void **state)
{
	struct ring *r = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	CLEANUP(free) char *text = NULL;
	const json_t *aws;

	write_file(r->path, "[eu]\ndriver = hetzner\ntoken = sesame\n[none]\n"
			    "[aws]\naws_profile = sesame\n"
			    "aws_credentials_file = /nonexistent\n");
	list = keyring_list(r->k);
	text = json_dumps(list, JSON_COMPACT);
	assert_non_null(
		strstr(text, "\"eu\":{\"driver\":\"hetzner\",\"source\":\"keys\","));
	assert_non_null(
		strstr(text, "\"none\":{\"driver\":null,\"source\":\"nothing\","));
	aws = json_object_get(list, "aws");
	assert_string_equal(json_string_value(json_object_get(aws, "driver")), "ec2");
	assert_string_equal(json_string_value(json_object_get(aws, "source")),
			    "aws_profile");
	assert_true(json_is_string(json_object_get(aws, "problem")));
	assert_null(strstr(text, "\"sesame\""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_is_taken_over_when_it_has_rested),
		TEST(it_need_not_rest_when_it_is_asked_for),
		TEST(a_wrong_file_leaves_all_as_they_were),
		TEST(one_that_others_may_read_or_that_is_gone_is_wrong),
		TEST(a_file_that_never_was_there_is_not_missed),
		TEST(a_file_that_a_profile_names_is_looked_at_too),
		TEST(what_a_driver_refuses_is_not_taken_over),
		TEST(a_profile_that_is_taken_out_is_gone),
		TEST(a_profile_is_of_its_driver_alone),
		TEST(the_list_says_whose_they_are_without_them),
	};

	return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
