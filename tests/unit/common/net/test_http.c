/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"
#include "escape.h"
#include "http.h"
#include "http_script.h"
#include "test.h"

#include <curl/curl.h>

static int exchange(struct script *s, struct http_req *req, struct http_res *res,
		    struct err *err)
{
	int rc;

	req->url = s->url;
	rc = http_exchange(req, res, err);
	script_done(s);
	return rc;
}

static void gives_status_headers_and_body(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 404 Not Found\r\nETag:   \"x\" \r\nX-Long: 12345678\r\n"
		"Content-Length: 4\r\n\r\nbody",
		NULL
	};
	CLEANUP(http_res_done) struct http_res res = { 0 };
	struct http_req req = { 0 };
	struct script s;
	struct err err;
	char text[8];

	(void)state;
	script_start(&s, answers);
	assert_ok(exchange(&s, &req, &res, &err), &err);
	assert_int_equal(res.status, 404);
	assert_string_equal(buf_str(&res.body), "body");
	assert_true(http_res_header(&res, "etag", text, sizeof(text)));
	assert_string_equal(text, "\"x\"");
	assert_false(http_res_header(&res, "x-long", text, sizeof(text)));
	assert_false(http_res_header(&res, "none", text, sizeof(text)));
	assert_non_null(strstr(buf_str(&s.requests[0]), "GET / HTTP/1.1\r\n"));
	script_free(&s);
}

static void sends_method_headers_token_and_body(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("{}"), NULL };
	static const char *const headers[] = { "X-One: 1", "X-Two: 2", NULL };
	CLEANUP(http_res_done) struct http_res res = { 0 };
	struct http_req req = { .method = "PUT",
				.headers = headers,
				.token = "secret",
				.body = "a\0b",
				.body_len = 3 };
	struct script s;
	struct err err;
	const char *sent;

	(void)state;
	script_start(&s, answers);
	assert_ok(exchange(&s, &req, &res, &err), &err);
	sent = buf_str(&s.requests[0]);
	assert_memory_equal(sent, "PUT / ", 6);
	assert_non_null(strstr(sent, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(sent, "\r\nX-Two: 2\r\n"));
	assert_non_null(strstr(sent, "\r\nAuthorization: Bearer secret\r\n"));
	assert_memory_equal(strstr(sent, "\r\n\r\n"), "\r\n\r\na\0b", 7);
	script_free(&s);
}

static void signs_no_header_that_it_does_not_send(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("{}"), NULL };
	static const char *const headers[] = { "X-Amz-Security-Token: t", NULL };
	CLEANUP(http_res_done) struct http_res res = { 0 };
	struct http_req req = { .headers = headers,
				.body = "a=b",
				.body_len = 3,
				.sigv4 = "aws:amz:one:ec2",
				.userpwd = "ID:secret" };
	struct script s;
	struct err err;
	const char *sent;

	(void)state;
	script_start(&s, answers);
	assert_ok(exchange(&s, &req, &res, &err), &err);
	sent = buf_str(&s.requests[0]);
	assert_non_null(strstr(sent, "Credential=ID/"));
	assert_non_null(
		strstr(sent, "SignedHeaders=host;x-amz-date;x-amz-security-token,"));
	assert_null(strstr(sent, "secret"));
	script_free(&s);
}

static void refuses_an_answer_that_is_too_large(void **state)
{
	static const char *const answers[] = { SCRIPT_JSON("0123456789abcdef"), NULL };
	struct http_req req = { .max_answer_bytes = 15 };
	struct http_res res = { 0 };
	struct script s;
	struct err err;

	(void)state;
	script_start(&s, answers);
	assert_int_equal(exchange(&s, &req, &res, &err), ERR_LIMIT);
	assert_null(res.body.data);
	script_free(&s);
}

static void waits_no_longer_than_it_may(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	struct http_req req = { .timeout_ms = 100 };
	struct http_res res = { 0 };
	int64_t begun = clock_mono_ms();
	struct script s;
	struct err err;

	(void)state;
	script_start(&s, answers);
	assert_int_equal(exchange(&s, &req, &res, &err), ERR_TIMEOUT);
	/* Far less than an exchange may take that sets no time. */
	assert_in_range(clock_mono_ms() - begun, 95, 20000);
	script_free(&s);
}

static bool at_once(void *arg)
{
	++*(int *)arg;
	return true;
}

static void stops_when_told(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	int asked = 0;
	struct http_req req = { .stop = at_once, .stop_arg = &asked };
	struct http_res res = { 0 };
	struct script s;
	struct err err;

	(void)state;
	script_start(&s, answers);
	assert_int_equal(exchange(&s, &req, &res, &err), ERR_UNAVAIL);
	assert_true(asked > 0);
	assert_non_null(strstr(err.msg, "stopped"));
	script_free(&s);
}

static void names_the_peer_but_not_the_query(void **state)
{
	struct http_req req = { .url = "http://127.0.0.1:1/path?token=secret" };
	struct http_res res = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(http_exchange(&req, &res, &err), ERR_UNAVAIL);
	assert_non_null(strstr(err.msg, "http://127.0.0.1:1/path"));
	assert_null(strstr(err.msg, "secret"));
}

static void refuses_other_schemes_and_bad_urls(void **state)
{
	static const char *const bad[] = { "file:///etc/passwd", "ftp://127.0.0.1/",
					   "http://", NULL };
	struct http_res res = { 0 };
	struct err err;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct http_req req = { .url = bad[i] };

		assert_int_equal(http_exchange(&req, &res, &err), ERR_INVAL);
	}
}

static void an_answer_that_is_no_http_is_the_peers_fault(void **state)
{
	static const char *const answers[] = { "SSH-2.0-OpenSSH_9.2\r\n\r\n", NULL };
	struct http_req req = { 0 };
	struct http_res res = { 0 };
	struct script s;
	struct err err;

	(void)state;
	script_start(&s, answers);
	assert_int_equal(exchange(&s, &req, &res, &err), ERR_PROTO);
	script_free(&s);
}

static void refuses_a_header_with_a_line_end(void **state)
{
	static const char *const headers[] = { "X: 1\r\nY: 2", NULL };
	struct http_req req = { .url = "http://127.0.0.1:1/", .headers = headers };
	struct http_res res = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(http_exchange(&req, &res, &err), ERR_INVAL);
	req.headers = NULL;
	req.token = "a\nb";
	assert_int_equal(http_exchange(&req, &res, &err), ERR_INVAL);
}

static void names_a_certificate_that_is_missing(void **state)
{
	struct http_req req = { .url = "https://127.0.0.1:1/",
				.cert_file = "/nonexistent/cert.pem" };
	struct http_res res = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(http_exchange(&req, &res, &err), ERR_INVAL);
	assert_non_null(strstr(err.msg, "/nonexistent/cert.pem"));
}

static void escapes_what_a_url_cannot_hold(void **state)
{
	CLEANUP(buf_done) struct buf b;

	(void)state;
	buf_init(&b, 100);
	http_escape(&b, "a-Z_0.~ /?&\xc3\xa9");
	assert_string_equal(buf_str(&b), "a-Z_0.~%20%2F%3F%26%C3%A9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_status_headers_and_body),
		cmocka_unit_test(sends_method_headers_token_and_body),
		cmocka_unit_test(signs_no_header_that_it_does_not_send),
		cmocka_unit_test(refuses_an_answer_that_is_too_large),
		cmocka_unit_test(waits_no_longer_than_it_may),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(names_the_peer_but_not_the_query),
		cmocka_unit_test(refuses_other_schemes_and_bad_urls),
		cmocka_unit_test(an_answer_that_is_no_http_is_the_peers_fault),
		cmocka_unit_test(refuses_a_header_with_a_line_end),
		cmocka_unit_test(names_a_certificate_that_is_missing),
		cmocka_unit_test(escapes_what_a_url_cannot_hold),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
