/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refreshes of a lease, while the loop that asked for them does something else. */
#include "check.h"
#include "clock.h"
#include "http_script.h"
#include "keepalive.h"
#include "test.h"

#include <curl/curl.h>

#define ANSWER(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define KEPT ANSWER("{\"result\":{\"ID\":\"7\",\"TTL\":\"1\"}}")
#define GONE ANSWER("{\"result\":{\"ID\":\"7\"}}")

struct fixture {
	struct loop *loop;
	struct script script;
	struct keepalive *k;
	int kept, failed, gone;
};

static void on_kept(void *arg, int64_t id, const struct err *err)
{
	struct fixture *f = arg;

	assert_int_equal(id, 7);
	f->kept += !err;
	f->gone += err && err->code == ERR_NOT_FOUND;
	f->failed += err && err->code != ERR_NOT_FOUND;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	CHECK(loop_new(&f->loop, NULL) == 0);
	*state = f;
	return 0;
}

static void start(struct fixture *f, const char *const *answers, int64_t stuck_ms)
{
	const struct store_opts store = { .endpoints = f->script.url,
					  .timeout_ms = 5000 };
	const struct keepalive_opts o = {
		.store = &store, .ttl_s = 1, .stuck_ms = stuck_ms, .fn = on_kept, .arg = f
	};

	script_start(&f->script, answers);
	CHECK(keepalive_new(f->loop, &o, &f->k, NULL) == 0);
	keepalive_set(f->k, 7);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keepalive_free(f->k);
	script_done(&f->script);
	script_free(&f->script);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void wait_served(const struct fixture *f, size_t n)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (f->script.served < n && clock_mono_ms() < end)
		usleep(1000);
	assert_true(f->script.served >= n);
}

static void run_until(struct fixture *f, const int *n, int want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*n < want && clock_mono_ms() < end)
		loop_once(f->loop, 50);
	assert_true(*n >= want);
}

static void refreshes_while_the_loop_is_held(void **state)
{
	static const char *const answers[] = { KEPT, KEPT, KEPT, KEPT, NULL };
	struct fixture *f = *state;

	start(f, answers, 0);
	wait_served(f, 3); /* the loop is not run here */
	assert_int_equal(f->kept, 0);
	run_until(f, &f->kept, 1);
}

static void tells_that_the_lease_is_gone_and_then_rests(void **state)
{
	static const char *const answers[] = { KEPT, GONE, KEPT, KEPT, NULL };
	struct fixture *f = *state;

	start(f, answers, 0);
	run_until(f, &f->gone, 1);
	for (int i = 0; i < 10; i++)
		loop_once(f->loop, 70);
	assert_int_equal(f->script.served, 2);
	keepalive_set(f->k, 7);
	wait_served(f, 3);
}

static void repeats_what_failed(void **state)
{
	static const char *const answers[] = { "", "HTTP/1.1 503 No\r\n\r\n", KEPT,
					       NULL };
	struct fixture *f = *state;

	start(f, answers, 0);
	run_until(f, &f->kept, 1);
	assert_true(f->failed >= 1);
}

static void rests_while_the_loop_is_stuck(void **state)
{
	static const char *const answers[] = { KEPT, KEPT, KEPT, KEPT, KEPT,
					       KEPT, KEPT, KEPT, KEPT, NULL };
	struct fixture *f = *state;
	size_t before;

	start(f, answers, 200);
	wait_served(f, 1);
	usleep(500 * 1000); /* stuck from the middle of it on */
	before = f->script.served;
	usleep(700 * 1000); /* two refreshes would be due */
	assert_int_equal(f->script.served, before);
	run_until(f, &f->kept, 2);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refreshes_while_the_loop_is_held),
		TEST(tells_that_the_lease_is_gone_and_then_rests),
		TEST(repeats_what_failed),
		TEST(rests_while_the_loop_is_stuck),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
