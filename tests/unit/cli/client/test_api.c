/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of the controller: what is sent with them, and what its refusals become. */
#include "api.h"
#include "cli_fixture.h"

/* GETs /v1/x with the arguments; the request as it came, the caller's. */
static char *get_with(const struct args *a)
{
	CLEANUP(client_done) struct client c = { 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct script s;
	struct err err;
	char *request;

	script_start(&s, LIST(ANSWER("{}")));
	setenv("FORETIDE_URL", s.url, 1);
	assert_ok(client_init(&c, a, &err), &err);
	assert_ok(client_get(&c, "/v1/x", &doc, &err), &err);
	script_done(&s);
	request = cli_request(&s.requests[0]);
	script_free(&s);
	return request;
}

static void a_token_is_the_files_or_the_environments_or_at_home(void **state)
{
	const struct args a = { .command = "x" };
	const struct args with_file = { .command = "x", .token_file = "t" };
	CLEANUP(free) char *none = get_with(&a);
	CLEANUP(free) char *home = NULL;
	CLEANUP(free) char *env = NULL;
	CLEANUP(free) char *file = NULL;

	(void)state;
	assert_string_equal(none, "GET /v1/x");
	mkdir(".config", 0700);
	mkdir(".config/foretide", 0700);
	cli_write(".config/foretide/token", "at-home\n");
	home = get_with(&a);
	assert_string_equal(home, "GET /v1/x Authorization: Bearer at-home");
	setenv("FORETIDE_TOKEN", "of-env", 1);
	env = get_with(&a);
	assert_string_equal(env, "GET /v1/x Authorization: Bearer of-env");
	cli_write("t", "of-file and more\n");
	file = get_with(&with_file);
	assert_string_equal(file, "GET /v1/x Authorization: Bearer of-file");
	unsetenv("FORETIDE_TOKEN");
}

static void a_token_file_that_is_named_must_be_there(void **state)
{
	const struct args a = { .command = "x", .token_file = "nowhere" };
	CLEANUP(client_done) struct client c = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(client_init(&c, &a, &err), ERR_NOT_FOUND);
	assert_string_equal(err.msg, "nowhere: No such file or directory");
}

static void the_controller_is_the_one_that_is_named(void **state)
{
	const struct args a = { .command = "x" };
	const struct args named = { .command = "x", .url = "http://named:1//" };
	CLEANUP(client_done) struct client other = { 0 };
	CLEANUP(client_done) struct client own = { 0 };
	struct err err;

	(void)state;
	setenv("FORETIDE_URL", "", 1);
	assert_ok(client_init(&own, &a, &err), &err);
	assert_string_equal(own.url, "http://127.0.0.1:7070");
	assert_ok(client_init(&other, &named, &err), &err);
	assert_string_equal(other.url, "http://named:1");
}

/* A GET of a path, answered so; its error in *err. */
static int get_answered(struct client *c, const char *path, const char *answer,
			json_t **ret, struct err *err)
{
	struct script s;
	int rc;

	script_start(&s, LIST(answer));
	c->url = s.url;
	rc = client_get(c, path, ret, err);
	c->url = NULL;
	script_done(&s);
	script_free(&s);
	return rc;
}

static void a_refusal_is_in_the_controllers_words(void **state)
{
	static const struct {
		const char *answer, *token, *words;
		int rc;
	} rows[] = {
		{ REFUSAL("404 Not Found", "no stack 'x'"), NULL, "no stack 'x'",
		  ERR_NOT_FOUND },
		{ REFUSAL("403 Forbidden", "not yours"), "t", "not yours", ERR_DENIED },
		{ REFUSAL("401 Unauthorized", "who?"), NULL,
		  "who? (set FORETIDE_TOKEN or --token-file)", ERR_DENIED },
		{ REFUSAL("401 Unauthorized", "expired"), "t", "expired", ERR_DENIED },
		{ REFUSAL("409 Conflict", "\\u001b[2Jforged"), NULL, "\\x1b[2Jforged",
		  ERR_CONFLICT },
		{ "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{\"title\": \"wrong\"}",
		  NULL, "wrong", ERR_INVAL },
		{ ANSWER("not JSON"), NULL,
		  "the controller's answer is not JSON: '[' or '{' expected near 'not' "
		  "at line 1, column 3",
		  ERR_INVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;
		char token[] = "t";
		struct client c = { .token = rows[i].token ? token : NULL };
		struct err err = { 0 };
		int rc = get_answered(&c, "/v1/x", rows[i].answer, &doc, &err);

		assert_string_equal(err.msg, rows[i].words);
		assert_int_equal(rc, rows[i].rc);
	}
}

static void a_refusal_without_words_has_its_status(void **state)
{
	struct client c = { 0 };
	json_t *doc = NULL;
	struct err err;

	(void)state;
	assert_int_equal(get_answered(&c, "/v1/x",
				      "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n"
				      "Connection: close\r\n\r\n",
				      &doc, &err),
			 ERR_UNAVAIL);
	assert_non_null(strstr(err.msg, " answered with status 503"));
	assert_int_equal(c.status, 503);
	assert_int_equal(c.retry_ms, 7000);
	assert_int_equal(get_answered(&c, "/v1/x",
				      "HTTP/1.1 503 Busy\r\nRetry-After: 999999\r\n"
				      "Connection: close\r\n\r\n",
				      &doc, &err),
			 ERR_UNAVAIL);
	assert_int_equal(c.retry_ms, 0);
}

static void a_path_that_goes_back_is_not_asked_for(void **state)
{
	CLEANUP(free) char *url = xstrdup("http://127.0.0.1:1");
	struct client c = { .url = url };
	json_t *doc = NULL;
	struct err err;

	(void)state;
	assert_int_equal(client_get(&c, "/v1/tokens/..", &doc, &err), ERR_INVAL);
	assert_string_equal(err.msg, "'..' is not a name");
	assert_int_equal(c.status, 0);
}

static void text_is_printable_unless_it_is_for_programs(void **state)
{
	static const char answer[] =
		ANSWER("{\"a\": [\"x\\u001b\"], \"next\": \"\\u001b\"}");
	CLEANUP(json_decref) json_t *shown = NULL;
	CLEANUP(json_decref) json_t *raw = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *raw_text = NULL;
	struct client c = { 0 };
	struct err err;

	(void)state;
	assert_ok(get_answered(&c, "/v1/x", answer, &shown, &err), &err);
	text = json_dumps(shown, JSON_COMPACT);
	assert_string_equal(text, "{\"a\":[\"x\\\\x1b\"],\"next\":\"\\u001B\"}");
	c.is_raw = true;
	assert_ok(get_answered(&c, "/v1/x", answer, &raw, &err), &err);
	raw_text = json_dumps(raw, JSON_COMPACT);
	assert_string_equal(raw_text, "{\"a\":[\"x\\u001B\"],\"next\":\"\\u001B\"}");
}

static void each_kind_of_error_has_its_exit_status(void **state)
{
	static const struct {
		int rc, status;
	} rows[] = {
		{ ERR_INVAL, EXIT_FAILED },        { ERR_UNAVAIL, EXIT_UNREACHABLE },
		{ ERR_TIMEOUT, EXIT_UNREACHABLE }, { ERR_DENIED, EXIT_DENIED },
		{ ERR_NOT_FOUND, EXIT_NOT_FOUND }, { ERR_CONFLICT, EXIT_CONFLICT },
		{ ERR_STORE, EXIT_FAILED },        { ERR_PROTO, EXIT_FAILED },
	};
	const struct args a = { .command = "status" };

	(void)state;
	assert_int_equal(client_exit(&a, 0, NULL), EXIT_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free) char *text = NULL;
		struct err err;
		int status, was = cli_swap(stderr, cli_memory(""));

		status = client_exit(&a, err_set(&err, rows[i].rc, "a\x1b\nb"), &err);
		text = cli_swap_back(stderr, was);
		assert_int_equal(status, rows[i].status);
		assert_string_equal(text, "foretide status: a\\x1b\nb\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_the_files_or_the_environments_or_at_home),
		cmocka_unit_test(a_token_file_that_is_named_must_be_there),
		cmocka_unit_test(the_controller_is_the_one_that_is_named),
		cmocka_unit_test(a_refusal_is_in_the_controllers_words),
		cmocka_unit_test(a_refusal_without_words_has_its_status),
		cmocka_unit_test(a_path_that_goes_back_is_not_asked_for),
		cmocka_unit_test(text_is_printable_unless_it_is_for_programs),
		cmocka_unit_test(each_kind_of_error_has_its_exit_status),
	};

	return cmocka_run_group_tests_name("api", tests, cli_in_folder,
					   cli_out_of_folder);
}
