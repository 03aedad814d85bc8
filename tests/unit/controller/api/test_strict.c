/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests as bytes: what is refused before anything else is looked at. */
#include "api_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define HOST "Host: localhost\r\n"

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f };
	CLEANUP(free) char *agent = xasprintf("%s/agent", f->dir);
	FILE *file = fopen(agent, "w");

	assert_non_null(file);
	fputs("the agent", file);
	fclose(file);
	f->names = "scale.example, other.example";
	fixture_open(f, &hooks, agent);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

/* The answer's status; its headers, and perhaps more, go to ret. */
static int answer_to(const struct fixture *f, const char *request, struct buf *ret)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(api_port(f->api)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval wait = { .tv_sec = PATIENCE_MS / 1000 };
	CLEANUP(close_fd) int fd = socket(AF_INET, SOCK_STREAM, 0);
	char part[4096];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	buf_init(ret, 1 << 20);
	while (!strstr(buf_str(ret), "\r\n\r\n")) {
		n = read(fd, part, sizeof(part));
		if (n <= 0)
			return -1;
		buf_add(ret, part, (size_t)n);
	}
	return atoi(buf_str(ret) + strlen("HTTP/1.1 "));
}

struct one {
	int status;
	const char *request;
};

static void expect(const struct fixture *f, const struct one *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf b;
		int status = answer_to(f, v[i].request, &b);

		if (status != v[i].status)
			fail_msg("%d, not %d, to %s: %s", status, v[i].status,
				 v[i].request, buf_str(&b));
		if (status >= 400)
			assert_non_null(strstr(buf_str(&b), "problem+json"));
		if (status == 400 || status == 421 || status == 501)
			assert_non_null(strstr(buf_str(&b), "Connection: close"));
	}
}

static void a_request_is_for_one_host(void **state)
{
	const struct one v[] = {
		{ 200, "GET /healthz HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET /healthz HTTP/1.1\r\nHost: localhost:7070\r\n\r\n" },
		{ 200, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:7070\r\n\r\n" },
		{ 200, "GET /healthz HTTP/1.1\r\nHost: [::1]:7070\r\n\r\n" },
		{ 200, "GET /healthz HTTP/1.0\r\n\r\n" },
		{ 400, "GET /healthz HTTP/1.1\r\n\r\n" },
		{ 400, "GET /healthz HTTP/1.1\r\n" HOST HOST "\r\n" },
		{ 400, "GET /healthz HTTP/1.1\r\nHost: a@localhost\r\n\r\n" },
	};

	expect(*state, v, ARRAY_SIZE(v));
}

/* A page whose name was made to lead to this machine asks with that name. */
static void a_loopback_listener_has_no_other_name(void **state)
{
	const struct one v[] = {
		{ 421, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n" },
		{ 200, "GET /healthz HTTP/1.1\r\nHost: scale.example\r\n\r\n" },
		{ 200, "GET /healthz HTTP/1.1\r\nHost: Other.example:443\r\n\r\n" },
		{ 421, "GET /healthz HTTP/1.1\r\nHost: x.scale.example\r\n\r\n" },
		{ 421, "GET /healthz HTTP/1.1\r\nHost: scale\r\n\r\n" },
		{ 421, "GET /healthz HTTP/1.1\r\nHost: localhost.evil\r\n\r\n" },
		{ 421, "GET /healthz HTTP/1.1\r\nHost: 127.evil.example\r\n\r\n" },
		{ 421, "GET http://evil/healthz HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET /metrics HTTP/1.1\r\n" HOST "\r\n" },
	};

	expect(*state, v, ARRAY_SIZE(v));
}

static void a_target_says_one_thing_to_all(void **state)
{
	const struct one v[] = {
		{ 200, "GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n" },
		{ 200, "GET http://127.0.0.1:1/healthz HTTP/1.1\r\nHost: x\r\n\r\n" },
		{ 200, "GET /health%7a HTTP/1.1\r\n" HOST "\r\n" },
		{ 401, "GET /v1/status?x=%2f HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /v1%2fstatus HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /v1%2Fstatus HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /v1%5cstatus HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /healthz%00x HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /v1/status?x=%00 HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /healthz%zz HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /healthz%4 HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /healthz#x HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /heal\x80z HTTP/1.1\r\n" HOST "\r\n" },
	};

	expect(*state, v, ARRAY_SIZE(v));
}

#define JOIN "POST /v1/join HTTP/1.1\r\n" HOST

static void a_body_has_one_length(void **state)
{
	const struct one v[] = {
		{ 400, JOIN "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ 400, JOIN "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" },
		{ 400, JOIN "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc" },
		{ 400, JOIN "Content-Length : 3\r\n\r\nabc" },
		{ 400, JOIN "X: a\rContent-Length: 3\r\n\r\nabc" },
		{ 400, "POST /v1/join HTTP/1.0\r\n" HOST
		       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
		{ 501, JOIN "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
		{ 501, JOIN "Transfer-Encoding: identity\r\n\r\nabc" },
		{ 501, "GET /healthz HTTP/1.1\r\n" HOST
		       "Transfer-Encoding: xchunked\r\n\r\n" },
	};

	expect(*state, v, ARRAY_SIZE(v));
}

/* Programs tell failures apart by it. */
static void the_code_of_a_failure_says_what_happened(void **state)
{
	const struct fixture *f = *state;
	const struct {
		struct call c;
		const char *code;
	} v[] = {
		{ { .path = "/v1/status" }, "UNAUTHENTICATED" },
		{ { .path = "/v1/status", .token = "ft_no" }, "UNAUTHENTICATED" },
		{ { .path = "/v1/no", .token = f->admin }, "NOT_FOUND" },
		{ { .path = "/v1/status", .method = "PUT" }, "METHOD_NOT_ALLOWED" },
		{ { .path = "/v1/tokens", .token = f->viewer }, "DENIED" },
		{ { .path = "/v1/tiers?limit=x", .token = f->admin }, "INVAL" },
		{ { .path = "/v1/tiers?limit=1&limit=2", .token = f->admin }, "INVAL" },
		{ { .path = "/v1/holds",
		    .method = "POST",
		    .token = f->admin,
		    .type = "text/html",
		    .body = "x" },
		  "BODY_TYPE" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;

		(void)fixture_json(f, &v[i].c, &doc);
		assert_string_equal(json_string_value(json_object_get(doc, "code")),
				    v[i].code);
	}
}

static void a_browser_is_told_to_come_back_over_tls(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res plain = { .status = 0 };
	CLEANUP(http_res_done) struct http_res tls = { .status = 0 };
	char text[100];

	assert_int_equal(fixture_call(f, CALL(.path = "/healthz"), &plain), 200);
	assert_int_equal(fixture_call(f, CALL(.path = "/healthz", .tls = true), &tls),
			 200);
	assert_false(
		http_res_header(&plain, "Strict-Transport-Security", text, sizeof(text)));
	assert_true(
		http_res_header(&tls, "Strict-Transport-Security", text, sizeof(text)));
}

static void an_admin_sends_no_logs(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(
		fixture_status(f, CALL(.method = "POST", .path = "/v1/agent/logs",
				       .token = f->admin, .body = "{\"id\":1}")),
		403);
}

static void an_unchanged_agent_is_not_sent_again(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(free) char *header = NULL;
	char etag[100];

	assert_int_equal(fixture_call(f, CALL(.path = "/v1/agent/binary"), &res), 200);
	assert_true(http_res_header(&res, "ETag", etag, sizeof(etag)));
	header = xasprintf("If-None-Match: %s", etag);
	assert_int_equal(
		fixture_status(f, CALL(.path = "/v1/agent/binary", .header = header)),
		304);
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/agent/binary",
						.header = "If-None-Match: \"x\"")),
			 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_for_one_host),
		TEST(a_loopback_listener_has_no_other_name),
		TEST(a_target_says_one_thing_to_all),
		TEST(a_body_has_one_length),
		TEST(the_code_of_a_failure_says_what_happened),
		TEST(a_browser_is_told_to_come_back_over_tls),
		TEST(an_admin_sends_no_logs),
		TEST(an_unchanged_agent_is_not_sent_again),
	};

	curl_global_init(CURL_GLOBAL_ALL);
	return cmocka_run_group_tests_name("strict", tests, NULL, NULL);
}
