/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client against peers that answer as they are told; see also tests/system. */
#include "blocking.h"
#include "client.h"
#include "clock.h"
#include "http_script.h"
#include "test.h"

#include <curl/curl.h>

#define RANGE_OK SCRIPT_JSON("{\"header\":{\"revision\":\"7\"}}")
#define CREATED(rev) \
	"{\"result\":{\"header\":{\"revision\":\"" rev "\"},\"created\":true}}\n"
#define EVENT(rev, value)                                                   \
	"{\"result\":{\"header\":{\"revision\":\"" rev                      \
	"\"},\"events\":[{\"kv\":{\"key\":\"YQ==\",\"mod_revision\":\"" rev \
	"\",\"value\":\"" value "\"}}]}}\n"

static struct store_sync *open_at(const char *endpoints)
{
	struct store_opts opts = { .endpoints = endpoints, .timeout_ms = PATIENCE_MS };
	struct store_sync *s = NULL;
	struct err err;

	assert_ok(store_sync_open(&opts, &s, &err), &err);
	return s;
}

static int try_put(const char *endpoints, struct err *err)
{
	CLEANUP(store_sync_close) struct store_sync *s = open_at(endpoints);

	return store_sync_put(s, "/k", "v", 1, 0, NULL, err);
}

static int try_range(const char *endpoints, struct err *err)
{
	CLEANUP(store_sync_close) struct store_sync *s = open_at(endpoints);
	CLEANUP(store_kvs_done) struct store_kvs kvs = { 0 };

	return store_sync_range(s, "/k", NULL, 0, 0, &kvs, err);
}

/* ---------------------------------------------------------------- keys */

static void a_prefix_ends_where_no_key_begins_with_it(void **state)
{
	static const char *const pairs[][2] = { { "/a/", "/a0" },
						{ "a", "b" },
						{ "", "" },
						{ "a\xff", "b" },
						{ "\xff\xff", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		CLEANUP(free) char *end = store_prefix_end(pairs[i][0]);

		assert_string_equal(end, pairs[i][1]);
	}
}

static void keys_compare_as_bytes(void **state)
{
	(void)state;
	assert_true(store_key_cmp("a", 1, "b", 1) < 0);
	assert_true(store_key_cmp("\x80", 1, "a", 1) > 0);
	assert_true(store_key_cmp("a", 1, "ab", 2) < 0);
	assert_true(store_key_cmp("a\0b", 3, "a\0a", 3) > 0);
	assert_int_equal(store_key_cmp("ab", 2, "ab", 2), 0);
}

/* ---------------------------------------------------------------- endpoints */

static void refuses_what_is_no_list_of_endpoints(void **state)
{
	static const char *const bad[] = { "",        " , ",     "localhost:2379",
					   "http://", "ftp://a", "http://a:1,b:2" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct store_opts opts = { .endpoints = bad[i] };
		struct store_sync *s = NULL;

		if (store_sync_open(&opts, &s, NULL) != ERR_INVAL)
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void a_write_that_may_have_happened_is_not_repeated(void **state)
{
	static const char *const dies[] = { "", NULL };
	static const char *const serves[] = { RANGE_OK, NULL };
	CLEANUP(free) char *both = NULL;
	struct script a, b;
	struct err err;

	(void)state;
	script_start(&a, dies);
	script_start(&b, serves);
	both = xasprintf("%s,%s", a.url, b.url);
	assert_int_equal(try_put(both, &err), ERR_UNAVAIL);
	script_done(&a);
	script_done(&b);
	assert_int_equal(a.served, 1);
	assert_int_equal(b.served, 0);
	script_free(&a);
	script_free(&b);
}

static void a_read_goes_on_to_the_next_endpoint(void **state)
{
	static const char *const dies[] = { "", NULL };
	static const char *const serves[] = { RANGE_OK, NULL };
	CLEANUP(free) char *both = NULL;
	struct script a, b;
	struct err err;

	(void)state;
	script_start(&a, dies);
	script_start(&b, serves);
	both = xasprintf("%s,%s", a.url, b.url);
	assert_ok(try_range(both, &err), &err);
	script_done(&a);
	script_done(&b);
	assert_int_equal(b.served, 1);
	script_free(&a);
	script_free(&b);
}

static void a_write_goes_on_from_an_endpoint_that_refuses(void **state)
{
	static const char *const no_leader[] = {
		"HTTP/1.1 503 x\r\nConnection: close\r\n\r\n"
		"{\"error\":\"etcdserver: no leader\",\"code\":14}",
		NULL
	};
	static const char *const serves[] = { RANGE_OK, NULL };
	CLEANUP(free) char *all = NULL;
	struct script a, b;
	struct err err;

	(void)state;
	script_start(&a, no_leader);
	script_start(&b, serves);
	all = xasprintf("http://127.0.0.1:1,%s,%s", a.url, b.url);
	assert_ok(try_put(all, &err), &err);
	script_done(&a);
	script_done(&b);
	assert_int_equal(a.served, 1);
	assert_int_equal(b.served, 1);
	script_free(&a);
	script_free(&b);
}

/* ---------------------------------------------------------------- answers */

static void errors_of_the_store_become_ours(void **state)
{
	static const struct {
		const char *answer;
		int code;
		const char *words;
	} cases[] = {
		{ "HTTP/1.1 400 x\r\nConnection: close\r\n\r\n"
		  "{\"error\":\"e\",\"message\":\"bad key\",\"code\":3}",
		  ERR_INVAL, "bad key" },
		{ "HTTP/1.1 404 x\r\nConnection: close\r\n\r\n"
		  "{\"error\":\"no lease\",\"code\":5}",
		  ERR_NOT_FOUND, "no lease" },
		{ "HTTP/1.1 412 x\r\nConnection: "
		  "close\r\n\r\n{\"error\":\"e\",\"code\":9}",
		  ERR_CONFLICT, "e" },
		{ "HTTP/1.1 400 x\r\nConnection: "
		  "close\r\n\r\n{\"error\":\"e\",\"code\":11}",
		  ERR_LIMIT, "e" },
		{ "HTTP/1.1 401 x\r\nConnection: close\r\n\r\n"
		  "{\"title\":\"No\",\"detail\":\"a token is needed\"}",
		  ERR_DENIED, "a token is needed" },
		{ "HTTP/1.1 500 x\r\nConnection: close\r\n\r\nTraceback", ERR_STORE,
		  "500" },
		{ "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", ERR_PROTO,
		  "not a JSON" },
		{ SCRIPT_JSON("[]"), ERR_PROTO, "not a JSON" },
		{ SCRIPT_JSON("{\"error\":{\"grpc_code\":7,\"message\":\"no\"}}"),
		  ERR_DENIED, "no" },
		{ SCRIPT_JSON("{\"kvs\":7}"), ERR_PROTO, "kvs" },
		{ SCRIPT_JSON("{\"kvs\":[{\"key\":\"%\"}]}"), ERR_PROTO, "key" },
		{ SCRIPT_JSON("{\"kvs\":[{\"key\":\"YQ==\",\"version\":\"x\"}]}"),
		  ERR_PROTO, "version" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const answers[] = { cases[i].answer, NULL };
		struct script s;
		struct err err = { 0 };
		int rc;

		script_start(&s, answers);
		rc = try_range(s.url, &err);
		script_done(&s);
		script_free(&s);
		if (rc != cases[i].code || !strstr(err.msg, cases[i].words))
			fail_msg("case %zu: %s '%s'", i, err_name(rc), err.msg);
	}
}

static void a_request_that_is_too_large_is_not_sent(void **state)
{
	CLEANUP(store_sync_close)
	struct store_sync *s = open_at("http://127.0.0.1:1");
	CLEANUP(free) char *big = xcalloc(1, 13u << 20);
	struct err err;

	(void)state;
	assert_int_equal(store_sync_put(s, "/k", big, 13u << 20, 0, NULL, &err),
			 ERR_LIMIT);
}

/* ---------------------------------------------------------------- watches */

struct seen {
	struct store_watch *w;
	char values[64];
	int confirmed, lost, over;
	int over_code;
	int64_t rev;
	size_t stop_after;
};

static void on_watch(void *arg, const struct store_event *events, size_t n, int64_t rev,
		     const struct err *err)
{
	struct seen *seen = arg;

	if (err && (err->code == ERR_LIMIT || err->code == ERR_INVAL ||
		    err->code == ERR_DENIED)) {
		seen->over++;
		seen->over_code = err->code;
	} else if (err) {
		seen->lost++;
	} else if (n == 0) {
		seen->confirmed++;
	}
	seen->rev = rev;
	for (size_t i = 0; i < n; i++)
		snprintf(seen->values + strlen(seen->values), 8, "%s",
			 events[i].kv.value);
	if (seen->stop_after && strlen(seen->values) >= seen->stop_after) {
		store_watch_stop(seen->w);
		seen->w = NULL;
	}
}

static void run_until_value(struct store_sync *s, struct seen *seen, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (strcmp(seen->values, want) != 0 && clock_mono_ms() < until)
		loop_once(store_sync_loop(s), 100);
	assert_string_equal(seen->values, want);
}

static void run_until_over(struct store_sync *s, struct seen *seen)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (!seen->over && clock_mono_ms() < until)
		loop_once(store_sync_loop(s), 100);
	assert_int_equal(seen->over, 1);
}

static void a_watch_goes_on_where_it_was_and_tells_nothing_twice(void **state)
{
	static const char *const answers[] = {
		SCRIPT_JSON(CREATED("4") EVENT("5", "b25l")),
		SCRIPT_JSON(CREATED("6") EVENT("5", "b25l") EVENT("6", "dHdv")), NULL
	};
	struct store_sync *s;
	struct seen seen = { 0 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 5, false, on_watch, &seen);
	run_until_value(s, &seen, "onetwo");
	assert_int_equal(seen.confirmed, 2);
	assert_true(seen.lost >= 1);
	assert_int_equal(seen.rev, 6);
	store_watch_stop(seen.w);
	store_sync_close(s);
	script_done(&script);
	assert_non_null(strstr(buf_str(&script.requests[0]), "\"start_revision\":\"5\""));
	assert_non_null(strstr(buf_str(&script.requests[1]), "\"start_revision\":\"6\""));
	script_free(&script);
}

static void a_watch_from_now_remembers_when_that_was(void **state)
{
	static const char *const answers[] = {
		SCRIPT_JSON(CREATED("41")),
		SCRIPT_JSON(CREATED("43") EVENT("42", "eA==")), NULL
	};
	struct store_sync *s;
	struct seen seen = { 0 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 0, false, on_watch, &seen);
	run_until_value(s, &seen, "x");
	store_sync_close(s);
	script_done(&script);
	assert_non_null(
		strstr(buf_str(&script.requests[1]), "\"start_revision\":\"42\""));
	script_free(&script);
}

static void a_store_that_went_back_ends_the_watch(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON(CREATED("9")
								   EVENT("10", "eA==")),
					       SCRIPT_JSON(CREATED("3")), NULL };
	struct store_sync *s;
	struct seen seen = { 0 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 10, false, on_watch, &seen);
	run_until_over(s, &seen);
	assert_int_equal(seen.over_code, ERR_LIMIT);
	store_watch_stop(seen.w);
	store_sync_close(s);
	script_done(&script);
	script_free(&script);
}

static void a_refused_watch_is_over(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 403 x\r\nConnection: "
		"close\r\n\r\n{\"error\":\"no\",\"code\":7}",
		NULL
	};
	struct store_sync *s;
	struct seen seen = { 0 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 0, false, on_watch, &seen);
	run_until_over(s, &seen);
	assert_int_equal(seen.over_code, ERR_DENIED);
	store_sync_close(s);
	script_done(&script);
	script_free(&script);
}

static void a_watch_may_be_stopped_in_its_callback(void **state)
{
	static const char *const answers[] = {
		SCRIPT_JSON(CREATED("4") EVENT("5", "eA==") EVENT("6", "eQ==")), NULL
	};
	struct store_sync *s;
	struct seen seen = { .stop_after = 1 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 5, false, on_watch, &seen);
	run_until_value(s, &seen, "x");
	loop_once(store_sync_loop(s), 50);
	assert_string_equal(seen.values, "x");
	store_sync_close(s);
	script_done(&script);
	script_free(&script);
}

static void rubbish_in_a_watch_only_loses_the_connection(void **state)
{
	static const char *const answers[] = {
		SCRIPT_JSON(CREATED("4") "no json\n"),
		SCRIPT_JSON(
			CREATED("4") "{\"result\":{\"events\":[{\"type\":\"?\"}]}}\n"),
		SCRIPT_JSON(CREATED("4") EVENT("5", "eA==")), NULL
	};
	struct store_sync *s;
	struct seen seen = { 0 };
	struct script script;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	seen.w = store_watch(store_sync_store(s), "a", NULL, 5, false, on_watch, &seen);
	run_until_value(s, &seen, "x");
	assert_true(seen.lost >= 2);
	assert_int_equal(seen.over, 0);
	store_sync_close(s);
	script_done(&script);
	script_free(&script);
}

/* ---------------------------------------------------------------- cancelling */

static void on_done(void *arg, int64_t rev, const struct err *err)
{
	(void)rev, (void)err;
	++*(int *)arg;
}

static void a_cancelled_call_says_nothing(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	struct store_sync *s;
	struct script script;
	int told = 0;

	(void)state;
	script_start(&script, answers);
	s = open_at(script.url);
	store_cancel(store_put(store_sync_store(s), "/k", "", 0, 0, on_done, &told));
	store_put(store_sync_store(s), "/k", "", 0, 0, on_done, &told);
	loop_once(store_sync_loop(s), 20);
	store_sync_close(s);
	assert_int_equal(told, 0);
	script_done(&script);
	script_free(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_ends_where_no_key_begins_with_it),
		cmocka_unit_test(keys_compare_as_bytes),
		cmocka_unit_test(refuses_what_is_no_list_of_endpoints),
		cmocka_unit_test(a_write_that_may_have_happened_is_not_repeated),
		cmocka_unit_test(a_read_goes_on_to_the_next_endpoint),
		cmocka_unit_test(a_write_goes_on_from_an_endpoint_that_refuses),
		cmocka_unit_test(errors_of_the_store_become_ours),
		cmocka_unit_test(a_request_that_is_too_large_is_not_sent),
		cmocka_unit_test(a_watch_goes_on_where_it_was_and_tells_nothing_twice),
		cmocka_unit_test(a_watch_from_now_remembers_when_that_was),
		cmocka_unit_test(a_store_that_went_back_ends_the_watch),
		cmocka_unit_test(a_refused_watch_is_over),
		cmocka_unit_test(a_watch_may_be_stopped_in_its_callback),
		cmocka_unit_test(rubbish_in_a_watch_only_loses_the_connection),
		cmocka_unit_test(a_cancelled_call_says_nothing),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
