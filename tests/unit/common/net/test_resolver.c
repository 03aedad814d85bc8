/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names whose look-up hangs, fails or works: getaddrinfo() here is a script of its own.
 */
#include "check.h"
#include "clock.h"
#include "http_async.h"
#include "http_script.h"
#include "resolver.h"
#include "test.h"

#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>

static _Atomic int lookups;
static _Atomic bool hangs; /* every look-up that begins now */

static void hang(void)
{
	for (;;)
		pause();
}

/* In place of libc's: "local..." is this machine, all others do not exist. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	struct sockaddr_in *in = xcalloc(1, sizeof(*in));

	(void)service;
	(void)hints;
	lookups++;
	if (hangs)
		hang();
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->ai_family = AF_INET;
	(*ret)->ai_addr = (struct sockaddr *)in;
	if (strncmp(name, "local", 5) == 0)
		return 0;
	freeaddrinfo(*ret);
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
	free(a->ai_addr);
	free(a);
}

struct fixture {
	struct loop *loop;
	struct resolver *r;
	struct httpm *m;
};

struct seen {
	int n;
	char addresses[64];
	struct err err;
	long status;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	lookups = 0;
	hangs = false;
	CHECK(loop_new(&f->loop, NULL) == 0 && resolver_new(f->loop, &f->r, NULL) == 0 &&
	      httpm_open(f->loop, &f->m, NULL) == 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	resolver_free(f->r);
	httpm_close(f->m);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void on_resolved(void *arg, const char *addresses, const struct err *err)
{
	struct seen *s = arg;

	s->n++;
	if (addresses)
		snprintf(s->addresses, sizeof(s->addresses), "%s", addresses);
	if (err)
		s->err = *err;
}

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	struct seen *s = arg;

	(void)sent;
	s->n++;
	if (res)
		s->status = res->status;
	if (err)
		s->err = *err;
}

static void run_until(struct fixture *f, const int *n, int want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*n < want && clock_mono_ms() < end)
		loop_once(f->loop, 50);
	assert_int_equal(*n, want);
}

/* ---------------------------------------------------------------- names */

static void one_look_up_serves_all_who_ask(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	assert_null(resolver_get(f->r, "local"));
	for (int i = 0; i < 5; i++)
		resolver_wait(f->r, "local", on_resolved, &s);
	run_until(f, &s.n, 5);
	assert_string_equal(s.addresses, "127.0.0.1");
	assert_string_equal(resolver_get(f->r, "local"), "127.0.0.1");
	assert_int_equal(lookups, 1);
}

static void says_that_there_is_no_such_name(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	resolver_wait(f->r, "other", on_resolved, &s);
	run_until(f, &s.n, 1);
	assert_int_equal(s.err.code, ERR_UNAVAIL);
	assert_non_null(strstr(s.err.msg, "other"));
	/* Again at once, from memory; within a second of a hundred few are made anew. */
	for (int i = 0; i < 100; i++) {
		resolver_wait(f->r, "other", on_resolved, &s);
		run_until(f, &s.n, i + 2);
	}
	assert_in_range(lookups, 1, 50);
}

static void what_is_known_stays_in_use_while_no_server_answers(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	resolver_wait(f->r, "local", on_resolved, &s);
	run_until(f, &s.n, 1);
	hangs = true;
	resolver_doubt(f->r, "local");
	while (lookups < 2 && clock_mono_ms() < end) {
		assert_string_equal(resolver_get(f->r, "local"), "127.0.0.1");
		loop_once(f->loop, 20);
	}
	assert_int_equal(lookups, 2);
	assert_string_equal(resolver_get(f->r, "local"), "127.0.0.1");
}

static void hanging_look_ups_are_bounded(void **state)
{
	struct fixture *f = *state;

	hangs = true;
	for (int i = 0; i < 3 * RESOLVER_THREADS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "local%d", i);
		assert_null(resolver_get(f->r, name));
	}
	for (int i = 0; i < 10; i++)
		loop_once(f->loop, 10);
	assert_in_range(lookups, 1, RESOLVER_THREADS);
}

static void names_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };

	for (int i = 0; i < 2 * RESOLVER_NAMES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "local%d", i);
		resolver_wait(f->r, name, on_resolved, &s);
		run_until(f, &s.n, i + 1);
	}
	assert_null(resolver_get(f->r, "local0"));
	assert_non_null(resolver_get(f->r, "local511"));
}

/* ---------------------------------------------------------------- exchanges */

static void an_exchange_uses_the_addresses(void **state)
{
	struct fixture *f = *state;
	static const char *const answers[] = { "HTTP/1.1 204 No Content\r\n\r\n", NULL };
	struct script script;
	struct seen s = { 0 };
	CLEANUP(free) char *url = NULL;

	script_start(&script, answers);
	url = xasprintf("http://Local.Example%s/x", strrchr(script.url, ':'));
	httpm_start(f->m, &(struct http_req){ .url = url }, NULL, on_done, &s);
	run_until(f, &s.n, 1);
	assert_int_equal(s.status, 204);
	script_done(&script);
	assert_non_null(strcasestr(buf_str(&script.requests[0]), "Host: local.example:"));
	script_free(&script);
}

static void a_hanging_look_up_holds_only_its_own_exchange(void **state)
{
	struct fixture *f = *state;
	const struct http_req req = { .url = "http://silent.example/",
				      .connect_timeout_ms = 300 };
	struct seen s = { 0 };
	int64_t before, longest = 0;

	hangs = true;
	httpm_start(f->m, &req, NULL, on_done, &s);
	while (!s.n) {
		before = clock_mono_ms();
		loop_once(f->loop, 10);
		longest = MAX(longest, clock_mono_ms() - before);
	}
	assert_int_equal(s.err.code, ERR_TIMEOUT);
	assert_non_null(strstr(s.err.msg, "silent.example is not resolved"));
	/* The look-up takes for ever; a busy machine some tenths of a second. */
	assert_true(longest < 5000);
}

static void neither_cancelling_nor_the_end_waits(void **state)
{
	struct fixture *f = *state;
	const struct http_req req = { .url = "http://silent.example/" };
	struct seen s = { 0 };

	hangs = true;
	httpm_cancel(httpm_start(f->m, &req, NULL, on_done, &s));
	httpm_start(f->m, &req, NULL, on_done, &s);
	/* Its thread begins before the next test counts. */
	while (!lookups)
		loop_once(f->loop, 1);
	httpm_close(TAKE(f->m));
	assert_int_equal(s.n, 0);
}

static void an_exchange_without_a_name_looks_nothing_up(void **state)
{
	struct fixture *f = *state;
	static const char *const urls[] = { "http://127.0.0.1:1/", "http://[::1]:1/",
					    "http://localhost:1/" };
	struct seen s = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		httpm_start(f->m, &(struct http_req){ .url = urls[i] }, NULL, on_done,
			    &s);
		run_until(f, &s.n, (int)i + 1);
	}
	assert_int_equal(lookups, 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_look_up_serves_all_who_ask),
		TEST(says_that_there_is_no_such_name),
		TEST(what_is_known_stays_in_use_while_no_server_answers),
		TEST(hanging_look_ups_are_bounded),
		TEST(names_are_bounded),
		TEST(an_exchange_uses_the_addresses),
		TEST(a_hanging_look_up_holds_only_its_own_exchange),
		TEST(neither_cancelling_nor_the_end_waits),
		TEST(an_exchange_without_a_name_looks_nothing_up),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
