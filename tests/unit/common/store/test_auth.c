/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client as a user of an etcd, against peers that answer as they are told; see also
 * tests/system/test_etcd_users.py. */
#include "clock.h"
#include "http_script.h"
#include "store.h"
#include "test.h"

#include <curl/curl.h>

#define RANGE_OK SCRIPT_JSON("{\"header\":{\"revision\":\"7\"}}")
#define TOKEN(t) SCRIPT_JSON("{\"token\":\"" t "\"}")
#define REFUSED(status, code, words)                         \
	"HTTP/1.1 " status " x\r\nConnection: close\r\n\r\n" \
	"{\"error\":\"etcdserver: " words "\",\"message\":"  \
	"\"etcdserver: " words "\",\"code\":" code "}"
#define ENDED REFUSED("401", "16", "invalid auth token")
#define NOBODY REFUSED("400", "3", "user name is empty")
#define WRONG REFUSED("400", "3", "authentication failed, invalid user ID or password")
#define WITHOUT REFUSED("412", "9", "authentication is not enabled")
#define LINE(members) "{\"result\":{\"header\":{\"revision\":\"4\"}," members "}}\n"

struct world {
	struct script script;
	struct store_sync *s;
	char tokens[64];
};

static void on_token(void *arg, const char *token)
{
	struct world *w = arg;

	snprintf(w->tokens + strlen(w->tokens), 16, "%s ", token);
}

static void start(struct world *w, const char *const *answers)
{
	struct store_opts o = { .timeout_ms = PATIENCE_MS,
				.user = "h\"1",
				.password = "pass",
				.on_token = on_token,
				.token_arg = w };
	struct err err;

	*w = (struct world){ 0 };
	script_start(&w->script, answers);
	o.endpoints = w->script.url;
	assert_ok(store_sync_open(&o, &w->s, &err), &err);
}

static void end(struct world *w)
{
	store_sync_close(w->s);
	script_done(&w->script);
	script_free(&w->script);
}

static int read_one(struct world *w, struct err *err)
{
	CLEANUP(store_kvs_done) struct store_kvs kvs = { 0 };

	return store_sync_range(w->s, "/k", NULL, 0, 0, &kvs, err);
}

static const char *asked(const struct world *w, size_t i)
{
	return buf_str(&w->script.requests[i]);
}

static void asks_for_a_token_once_and_calls_with_it(void **state)
{
	static const char *const answers[] = { TOKEN("t.1"), RANGE_OK, RANGE_OK, NULL };
	struct world w;
	struct err err;

	(void)state;
	start(&w, answers);
	assert_int_equal(store_users_asked(store_sync_store(w.s)), STORE_USERS_UNKNOWN);
	assert_ok(read_one(&w, &err), &err);
	assert_ok(read_one(&w, &err), &err);
	assert_int_equal(store_users_asked(store_sync_store(w.s)), STORE_USERS_ON);
	assert_non_null(strstr(asked(&w, 0), "POST /v3/auth/authenticate "));
	assert_non_null(
		strstr(asked(&w, 0), "{\"name\":\"h\\\"1\",\"password\":\"pass\"}"));
	assert_null(strstr(asked(&w, 0), "Authorization"));
	assert_non_null(strstr(asked(&w, 1), "\r\nAuthorization: t.1\r\n"));
	assert_non_null(strstr(asked(&w, 2), "\r\nAuthorization: t.1\r\n"));
	assert_string_equal(w.tokens, "t.1 ");
	end(&w);
}

static void a_token_that_ended_is_replaced_and_the_call_sent_again(void **state)
{
	static const char *const ends[] = {
		ENDED, REFUSED("400", "3", "revision of auth store is old")
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *const answers[] = { TOKEN("t.1"), ends[i], TOKEN("t.2"),
						SCRIPT_JSON("{\"header\":{\"revision\":"
							    "\"8\"}}"),
						NULL };
		struct world w;
		struct err err;
		int64_t rev = 0;

		start(&w, answers);
		assert_ok(store_sync_put(w.s, "/k", "v", 1, 0, &rev, &err), &err);
		assert_int_equal(rev, 8);
		assert_non_null(strstr(asked(&w, 3), "POST /v3/kv/put "));
		assert_non_null(strstr(asked(&w, 3), "\"value\":\"dg==\""));
		assert_non_null(strstr(asked(&w, 3), "\r\nAuthorization: t.2\r\n"));
		assert_string_equal(w.tokens, "t.1 t.2 ");
		end(&w);
	}
}

static void a_call_that_is_refused_twice_is_over(void **state)
{
	static const char *const answers[] = { TOKEN("t.1"), ENDED, TOKEN("t.2"), ENDED,
					       NULL };
	struct world w;
	struct err err;

	(void)state;
	start(&w, answers);
	assert_int_equal(read_one(&w, &err), ERR_DENIED);
	assert_non_null(strstr(err.msg, "invalid auth token"));
	end(&w);
}

static void a_wrong_password_is_told_and_not_sent_again_at_once(void **state)
{
	static const char *const answers[] = { WRONG, NULL };
	struct world w;
	struct err err;

	(void)state;
	start(&w, answers);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(read_one(&w, &err), ERR_DENIED);
		assert_non_null(strstr(err.msg, "authentication failed"));
	}
	assert_int_equal(w.script.served, 1);
	assert_false(store_is_reachable(store_sync_store(w.s)));
	assert_non_null(
		strstr(store_problem(store_sync_store(w.s)), "refuses the user 'h\"1'"));
	assert_null(strstr(store_problem(store_sync_store(w.s)), "pass'"));
	end(&w);
}

static void an_etcd_without_users_is_used_as_it_is_until_it_has_some(void **state)
{
	static const char *const answers[] = { WITHOUT,    RANGE_OK, NOBODY,
					       TOKEN("t"), RANGE_OK, NULL };
	struct world w;
	struct err err;

	(void)state;
	start(&w, answers);
	assert_ok(read_one(&w, &err), &err);
	assert_int_equal(store_users_asked(store_sync_store(w.s)), STORE_USERS_OFF);
	assert_null(strstr(asked(&w, 1), "Authorization"));
	assert_ok(read_one(&w, &err), &err);
	assert_int_equal(store_users_asked(store_sync_store(w.s)), STORE_USERS_ON);
	assert_non_null(strstr(asked(&w, 4), "\r\nAuthorization: t\r\n"));
	end(&w);
}

static void on_done(void *arg, int64_t rev, const struct err *err)
{
	int *n = arg;

	(void)rev;
	assert_null(err);
	(*n)++;
}

static void calls_wait_for_one_token_and_may_be_cancelled(void **state)
{
	static const char *const answers[] = { TOKEN("t.1"), RANGE_OK, RANGE_OK, NULL };
	struct world w;
	struct store_call *calls[3];
	int n = 0;

	(void)state;
	start(&w, answers);
	for (size_t i = 0; i < 3; i++)
		calls[i] = store_delete(store_sync_store(w.s), "/k", NULL, on_done, &n);
	store_cancel(calls[1]);
	while (n < 2)
		loop_once(store_sync_loop(w.s), -1);
	assert_int_equal(w.script.served, 3);
	store_delete(store_sync_store(w.s), "/k", NULL, on_done, &n);
	end(&w); /* with a call */
	assert_int_equal(n, 2);
}

static void on_watch(void *arg, const struct store_event *events, size_t n, int64_t rev,
		     const struct err *err)
{
	int *confirmed = arg;

	(void)events;
	(void)rev;
	*confirmed += !err && n == 0;
}

static void a_watch_whose_token_ended_begins_again(void **state)
{
	static const char *const answers[] = {
		TOKEN("t.1"),
		SCRIPT_JSON(LINE("\"created\":true,\"canceled\":true,\"cancel_reason\":"
				 "\"rpc error: code = Unauthenticated desc = "
				 "etcdserver: invalid auth token\"")),
		TOKEN("t.2"), SCRIPT_JSON(LINE("\"created\":true")) "hang", NULL
	};
	struct store_watch *watch;
	struct world w;
	int confirmed = 0;

	(void)state;
	start(&w, answers);
	watch = store_watch(store_sync_store(w.s), "a", NULL, 0, false, on_watch,
			    &confirmed);
	while (!confirmed)
		loop_once(store_sync_loop(w.s), -1);
	assert_non_null(strstr(asked(&w, 3), "\r\nAuthorization: t.2\r\n"));
	assert_non_null(strstr(asked(&w, 3), "\r\nGrpc-Metadata-hasleader: true\r\n"));
	assert_true(store_is_reachable(store_sync_store(w.s)));
	store_watch_stop(watch);
	end(&w);
}

static void roles_are_read_as_they_are(void **state)
{
	static const char *const answers[] = {
		TOKEN("t"),
		SCRIPT_JSON("{\"perm\":[{\"key\":\"L2Ev\",\"range_end\":\"L2Ew\"},"
			    "{\"permType\":\"READWRITE\",\"key\":\"L2I=\"},"
			    "{\"permType\":\"WRITE\",\"key\":\"L2M=\"}]}"),
		REFUSED("412", "9", "role name not found"),
		REFUSED("412", "9", "user name already exists"), NULL
	};
	CLEANUP(store_permissions_done) struct store_permissions p = { 0 };
	struct world w;
	struct err err;

	(void)state;
	start(&w, answers);
	assert_ok(store_sync_role_get(w.s, "r", &p, &err), &err);
	assert_int_equal(p.n, 3);
	assert_string_equal(p.v[0].end, "/a0");
	assert_true(p.v[0].may_read && !p.v[0].may_write);
	assert_null(p.v[1].end);
	assert_true(p.v[1].may_read && p.v[1].may_write);
	assert_true(!p.v[2].may_read && p.v[2].may_write);
	assert_int_equal(store_sync_role_delete(w.s, "r", &err), ERR_NOT_FOUND);
	assert_int_equal(store_sync_user_add(w.s, "u", "p", &err), ERR_CONFLICT);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_a_token_once_and_calls_with_it),
		cmocka_unit_test(a_token_that_ended_is_replaced_and_the_call_sent_again),
		cmocka_unit_test(a_call_that_is_refused_twice_is_over),
		cmocka_unit_test(a_wrong_password_is_told_and_not_sent_again_at_once),
		cmocka_unit_test(
			an_etcd_without_users_is_used_as_it_is_until_it_has_some),
		cmocka_unit_test(calls_wait_for_one_token_and_may_be_cancelled),
		cmocka_unit_test(a_watch_whose_token_ended_begins_again),
		cmocka_unit_test(roles_are_read_as_they_are),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
