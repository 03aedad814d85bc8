/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is passed on of a program's requests: the calls of etcd, with its own token. */
#include "etcd_proxy_fixture.h"

/* Programs are who the proxy says, and may log in. */
static void calls_have_the_programs_token_in_place_of_their_own(void **state)
{
	struct setup *s = *state;
	const char *got;
	CLEANUP(close_fd) int fd = -1;

	start_with_member(s);
	etcd_proxy_set_token(s->proxy, "programs.1");
	fd = dial(s);
	say(s, fd,
	    "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nAuthorization: a.lie\r\n\r\n");
	say(s, fd, "POST /v3/kv/put HTTP/1.1\r\nHost: h\r\n\r\n");
	got = buf_str(&s->echo[0].got);
	assert_int_equal(count(got, "\r\nAuthorization: programs.1\r\n"), 2);
	assert_int_equal(count(got, "a.lie"), 0);
	say(s, fd,
	    "POST /v3/auth/authenticate HTTP/1.1\r\nHost: h\r\n"
	    "Authorization: a.lie\r\n\r\n");
	got = buf_str(&s->echo[0].got);
	assert_int_equal(count(got, "Authorization"), 2);
	/* Another one counts at once. */
	etcd_proxy_set_token(s->proxy, "programs.2");
	say(s, fd, "POST /v3/kv/put HTTP/1.1\r\nHost: h\r\n\r\n");
	etcd_proxy_set_token(s->proxy, NULL);
	say(s, fd,
	    "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nAuthorization: mine\r\n\r\n");
	got = buf_str(&s->echo[0].got);
	assert_int_equal(count(got, "\r\nAuthorization: programs.2\r\n"), 1);
	assert_int_equal(count(got, "\r\nAuthorization: mine\r\n"), 1);
}

/* Each alone, as the first request of a connection and behind a good one. */
static const struct {
	const char *text;
	unsigned status;
} refused[] = {
	{ "POST /v1/agent/renew HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 403 },
	{ "GET /v1/status HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v2/keys/a HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3%2f..%2fv1/agent/renew HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/../v1/agent/renew HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/./../v1/join HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/..;/v1/join HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST //v1/join HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3//kv HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/kv/range?x=/v1/ HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/kv\\..\\range HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "GET /v3/kv/range HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "PUT /v3/kv/put HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "post /v3/kv/put HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST http://h/v1/agent/renew HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST http://h/v3/kv/range HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 403 },
	{ "POST /v3/kv/range HTTP/1.0\r\nHost: h\r\n\r\n", 505 },
	{ "POST /v3/kv/range HTTP/2.0\r\nHost: h\r\n\r\n", 505 },
	{ "POST  /v3/kv/range HTTP/1.1\r\nHost: h\r\n\r\n", 400 },
	{ "POST /v3/kv/range\tHTTP/1.1\r\nHost: h\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\nHost: h\n\n\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h/v1/x\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
	  "Content-Length: 5\r\n\r\n",
	  400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 4\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n",
	  400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n",
	  400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\n"
	  "Transfer-Encoding: gzip, chunked\r\n\r\n",
	  501 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
	  400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n", 400 },
	{ "POST /v3/kv/range HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400 },
};

static void refuses_what_is_no_call_of_etcd(void **state)
{
	struct setup *s = *state;

	start_with_member(s);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP(close_fd) int fd = dial(s);
		CLEANUP(free) char *answer = NULL;
		char first[32];

		snprintf(first, sizeof(first), "HTTP/1.1 %u ", refused[i].status);
		put(fd, refused[i].text);
		answer = read_until(s, fd, "NEVER");
		if (strncmp(answer, first, strlen(first)) != 0)
			fail_msg("%s -> %s", refused[i].text, answer);
	}
	assert_int_equal(s->echo[0].n_conns, 0);
}

/* One that follows a good one, in the same packet, after its answer, and while the answer
 * is still due. */
static void judges_each_request_of_a_connection(void **state)
{
	struct setup *s = *state;

	start_with_member(s);
	for (size_t i = 0; i < 8; i++) {
		CLEANUP(close_fd) int fd = dial(s);
		CLEANUP(free) char *text = xasprintf("%s%s", HEALTH, refused[i].text);
		CLEANUP(free) char *answer = NULL;
		size_t before = s->echo[0].answered;

		if (i % 2 == 0) {
			put(fd, text);
		} else {
			say(s, fd, HEALTH);
			put(fd, refused[i].text);
		}
		answer = read_until(s, fd, "NEVER");
		if (!strstr(answer, "HTTP/1.1 403 "))
			fail_msg("%zu: %s", i, answer);
		assert_int_equal(s->echo[0].answered, before + 1);
		for (size_t k = 0; k < s->echo[0].n_conns; k++)
			close(s->echo[0].conns[k]);
		s->echo[0].n_conns = 0;
	}
	assert_null(strstr(buf_str(&s->echo[0].got), "/v1/"));
}

/* A body ends where its framing says; what follows is the next request. */
static void a_body_hides_no_request(void **state)
{
	static const char *const bodies[] = {
		"5;ext=1\r\nabcde\r\n0\r\n\r\n",
		"0x5\r\nabcde\r\n0\r\n\r\n",
		"5\nabcde\r\n0\r\n\r\n",
		"5\r\nabcdef\r\n0\r\n\r\n",
		"0\r\nTrailer: x\r\n\r\n",
		"ffffffffffffffff1\r\nabc",
		" 5\r\nabcde\r\n0\r\n\r\n",
		"\r\n\r\n",
		"0\r\nGET /v1/status HTTP/1.1\r\n\r\n",
	};
	struct setup *s = *state;

	start_with_member(s);
	s->echo[0].is_silent = true;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		CLEANUP(close_fd) int fd = dial(s);
		CLEANUP(free)
		char *text = xasprintf("POST /v3/kv/range HTTP/1.1\r\nHost: h\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n%s",
				       bodies[i]);
		CLEANUP(free) char *answer = NULL;

		put(fd, text);
		answer = read_until(s, fd, "NEVER");
		assert_null(strstr(answer, "200 OK"));
		for (size_t k = 0; k < s->echo[0].n_conns; k++)
			close(s->echo[0].conns[k]);
		s->echo[0].n_conns = 0;
	}
	assert_null(strstr(buf_str(&s->echo[0].got), "GET "));
	assert_null(strstr(buf_str(&s->echo[0].got), "ext"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_have_the_programs_token_in_place_of_their_own),
		TEST(refuses_what_is_no_call_of_etcd),
		TEST(judges_each_request_of_a_connection),
		TEST(a_body_hides_no_request),
	};

	return cmocka_run_group_tests_name("etcd_proxy_calls", tests, NULL, NULL);
}
