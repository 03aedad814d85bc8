/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_services.c - the HTTP that drivers are given, against a server of a few
 * lines: what reached it, and how a failure is classed.
 */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "runner.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One connection: reads one request, then says answer (NULL: nothing) and closes. */
struct server {
	int fd;
	int port;
	const char *answer;
	bool hangs;
	char request[4096];
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	int c = accept(s->fd, NULL, NULL);
	size_t used = 0;

	while (c >= 0 && used < sizeof(s->request) - 1) {
		ssize_t n = recv(c, s->request + used, sizeof(s->request) - 1 - used, 0);

		if (n <= 0)
			break;
		used += (size_t)n;
		s->request[used] = '\0';
		if (strstr(s->request, "\r\n\r\n") && !s->hangs)
			break;
	}
	if (c >= 0 && s->answer && send(c, s->answer, strlen(s->answer), 0) < 0)
		s->request[0] = '\0';
	if (c >= 0)
		close(c);
	return NULL;
}

static void server_start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_end(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR); /* an accept that waits for nobody ends */
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static struct drv_host driver_host;

static int start_host(void **state)
{
	static struct out out = { .fd = 1, .lock = PTHREAD_MUTEX_INITIALIZER };

	(void)state;
	runner_services(&out, &driver_host);
	return 0;
}

static int ask(const struct server *s, struct drv_http_request *req,
	       struct drv_http_answer *ret, struct drv_err *e)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/things", s->port);
	req->url = url;
	if (!req->deadline_mono_ms)
		req->deadline_mono_ms = clock_mono_ms() + PATIENCE_MS;
	return driver_host.http(driver_host.ctx, req, ret, e);
}

static void an_answer_of_any_status_is_an_answer(void **state)
{
	static const char *const headers[] = { "X-Auth-Token: abc", NULL };
	struct server s = { .answer =
				    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n"
				    "Content-Length: 5\r\n\r\nslow!" };
	struct drv_http_request req = {
		.method = "POST", .headers = headers, .body = "{}", .body_len = 2
	};
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), 0);
	server_end(&s);
	assert_int_equal(a.status, 429);
	assert_string_equal(a.body, "slow!");
	assert_int_equal(a.body_len, 5);
	assert_non_null(strstr(a.headers, "Retry-After: 3\r\n"));
	assert_non_null(strstr(s.request, "POST /v1/things HTTP/1.1\r\n"));
	assert_non_null(strstr(s.request, "X-Auth-Token: abc\r\n"));
	driver_host.http_done(driver_host.ctx, &a);
	assert_null(a.body);
}

static void what_never_left_surely_did_nothing(void **state)
{
	struct server s = { .answer = NULL };
	struct drv_http_request req = { .method = "POST", .body = "{}", .body_len = 2 };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	server_end(&s); /* nobody listens there now */
	assert_int_equal(ask(&s, &req, &a, &e), DRV_TRANSIENT);
	assert_true(e.msg[0] != '\0');
	req.deadline_mono_ms = clock_mono_ms() - 1;
	assert_int_equal(ask(&s, &req, &a, &e), DRV_TRANSIENT);
	assert_non_null(strstr(e.msg, "deadline"));
}

static void a_write_that_is_not_answered_is_ambiguous(void **state)
{
	struct server s = { .answer = NULL };
	struct drv_http_request req = { .method = "POST", .body = "{}", .body_len = 2 };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), DRV_AMBIGUOUS);
	server_end(&s);
	assert_true(s.request[0] != '\0');
}

static void a_write_that_is_answered_too_late_is_ambiguous(void **state)
{
	struct server s = { .hangs = true };
	struct drv_http_request req = { .method = "DELETE",
					.deadline_mono_ms = clock_mono_ms() + 2000 };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), DRV_AMBIGUOUS);
	server_end(&s);
	assert_in_range(clock_mono_ms(), req.deadline_mono_ms - 5,
			req.deadline_mono_ms + PATIENCE_MS);
}

static void a_read_that_is_not_answered_may_be_repeated(void **state)
{
	struct server s = { .answer = NULL };
	struct drv_http_request req = { .method = "GET" };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), DRV_TRANSIENT);
	server_end(&s);
}

static void an_answer_that_is_too_large_is_not_kept(void **state)
{
	struct server s = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
				      "01234567890123456789" };
	struct drv_http_request req = { .method = "GET", .max_answer_bytes = 10 };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), DRV_TRANSIENT);
	server_end(&s);
}

static void a_request_is_signed_when_asked_for(void **state)
{
	struct server s = { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" };
	struct drv_http_request req = { .method = "POST",
					.body = "Action=DescribeInstances",
					.body_len = 24,
					.sigv4 = "aws:amz:eu-north-1:ec2",
					.userpwd = "KEYID:SECRET" };
	struct drv_http_answer a;
	struct drv_err e;

	(void)state;
	server_start(&s);
	assert_int_equal(ask(&s, &req, &a, &e), 0);
	server_end(&s);
	driver_host.http_done(driver_host.ctx, &a);
	assert_non_null(strstr(s.request, "Authorization: AWS4-HMAC-SHA256 "
					  "Credential=KEYID/"));
	assert_non_null(strstr(s.request, "/eu-north-1/ec2/aws4_request"));
	assert_null(strstr(s.request, "SECRET"));
}

static void clocks_run_and_random_is_random(void **state)
{
	unsigned char a[16] = { 0 }, b[16] = { 0 };
	int64_t mono_before = clock_mono_ms(), wall_before = clock_wall_ms();
	int64_t mono = driver_host.mono_ms(driver_host.ctx);
	int64_t wall = driver_host.wall_ms(driver_host.ctx);

	(void)state;
	driver_host.random(driver_host.ctx, a, sizeof(a));
	driver_host.random(driver_host.ctx, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_in_range(mono, mono_before, clock_mono_ms());
	assert_in_range(wall, wall_before - 1000, clock_wall_ms() + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_of_any_status_is_an_answer),
		cmocka_unit_test(what_never_left_surely_did_nothing),
		cmocka_unit_test(a_write_that_is_not_answered_is_ambiguous),
		cmocka_unit_test(a_write_that_is_answered_too_late_is_ambiguous),
		cmocka_unit_test(a_read_that_is_not_answered_may_be_repeated),
		cmocka_unit_test(an_answer_that_is_too_large_is_not_kept),
		cmocka_unit_test(a_request_is_signed_when_asked_for),
		cmocka_unit_test(clocks_run_and_random_is_random),
	};

	return cmocka_run_group_tests_name("driver host", tests, start_host, NULL);
}
