/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs of a host whose etcd has users: they need no password, and have none. */
#include "http_script.h"
#include "loop_until.h"

#include "proxy_user.h"
#include "store.h"

#include <curl/curl.h>

#define RANGE_OK SCRIPT_JSON("{\"header\":{\"revision\":\"7\"}}")
#define TOKEN(t) SCRIPT_JSON("{\"token\":\"" t "\"}")
#define ENDED                                         \
	"HTTP/1.1 401 x\r\nConnection: close\r\n\r\n" \
	"{\"error\":\"etcdserver: invalid auth token\",\"code\":16}"

struct world {
	struct script member;
	struct loop *loop;
	struct etcd_proxy *proxy;
	struct proxy_user *user;
	struct store *program;
	int answers, failed;
};

/* The member answers in this order; then nobody does. */
static void open_world(struct world *w, const char *const *answers)
{
	const struct etcd_proxy_opts p = { .listen = "127.0.0.1:0",
					   .endpoints = w->member.url };
	char url[64];
	const struct store_opts o = { .endpoints = url, .timeout_ms = PATIENCE_MS };
	struct err e;

	script_start(&w->member, answers);
	assert_ok(loop_new(&w->loop, &e), &e);
	assert_ok(etcd_proxy_open(w->loop, &p, &w->proxy, &e), &e);
	etcd_proxy_own_url(w->proxy, url, sizeof(url));
	assert_ok(store_open(w->loop, &o, &w->program, &e), &e);
	assert_ok(proxy_user_open(w->loop, w->proxy, "programs-h1", "pw", &w->user, &e),
		  &e);
}

static void done_world(struct world *w)
{
	script_done(&w->member);
	proxy_user_close(w->user);
	store_close(w->program);
	etcd_proxy_close(w->proxy);
	loop_free(w->loop);
	script_free(&w->member);
}

static const char *asked(struct world *w, size_t i)
{
	return buf_str(&w->member.requests[i]);
}

static void on_range(void *arg, const struct store_range_res *res, const struct err *err)
{
	struct world *w = arg;

	(void)res;
	w->answers++;
	w->failed += err != NULL;
}

/* As a program does that knows of no user. */
static void ask_as_program(struct world *w)
{
	const struct store_range_req all = { .key = "/shop/", .key_len = 6 };
	const int before = w->answers;

	assert_non_null(store_range_full(w->program, &all, on_range, w));
	LOOP_UNTIL(w->loop, w->answers > before);
}

static void a_program_is_the_user_of_its_host_without_a_password(void **state)
{
	static const char *const answers[] = { TOKEN("tok"), RANGE_OK, RANGE_OK, NULL };
	struct world w = { 0 };

	(void)state;
	open_world(&w, answers);
	LOOP_UNTIL(w.loop, w.member.served == 2);
	ask_as_program(&w);
	assert_int_equal(w.failed, 0);
	assert_non_null(strstr(asked(&w, 0), "POST /v3/auth/authenticate "));
	assert_non_null(strstr(asked(&w, 0), "\"name\":\"programs-h1\""));
	assert_non_null(strstr(asked(&w, 1), "Authorization: tok\r\n"));
	assert_non_null(strstr(asked(&w, 2), "POST /v3/kv/range "));
	assert_non_null(strstr(asked(&w, 2), "Authorization: tok\r\n"));
	assert_null(strstr(asked(&w, 2), "pw"));
	done_world(&w);
}

/* As when the member was started again. */
static void a_token_that_ended_is_replaced_for_programs_too(void **state)
{
	static const char *const answers[] = { TOKEN("old"), ENDED,    TOKEN("new"),
					       RANGE_OK,     RANGE_OK, NULL };
	struct world w = { 0 };

	(void)state;
	open_world(&w, answers);
	LOOP_UNTIL(w.loop, w.member.served == 4);
	ask_as_program(&w);
	assert_int_equal(w.failed, 0);
	assert_non_null(strstr(asked(&w, 1), "Authorization: old\r\n"));
	assert_non_null(strstr(asked(&w, 4), "Authorization: new\r\n"));
	done_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_the_user_of_its_host_without_a_password),
		cmocka_unit_test(a_token_that_ended_is_replaced_for_programs_too),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("proxy_user", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
