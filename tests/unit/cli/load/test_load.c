/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_script.h"
#include "test.h"

#include "clock.h"
#include "load.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>

#define ANSWER(status) \
	"HTTP/1.1 " status "\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

static const char *const paths[] = { "/a", "/b?x=1", NULL };

static struct load *new_load(size_t in_flight_max, double fresh_ratio)
{
	struct load_opts opts = {
		.timeout_ms = PATIENCE_MS,
		.in_flight_max = in_flight_max,
		.paths = paths,
		.fresh_ratio = fresh_ratio,
	};
	struct load *l = NULL;
	struct err e;

	assert_ok(load_new(&opts, &l, &e), &e);
	return l;
}

/* At 200 a second until so many were sent; then lets them come back. */
static void send_some(struct load *l, uint64_t n)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	const struct load_stats *s = load_stats(l);
	struct err e;

	while (s->sent + s->skipped < n && clock_mono_ms() < until)
		assert_ok(load_run(l, 2, 200, &e), &e);
	while (s->in_flight && clock_mono_ms() < until)
		assert_ok(load_run(l, 2, 0, &e), &e);
	assert_true(s->sent + s->skipped >= n);
	assert_int_equal(s->in_flight, 0);
}

static void aim(struct load *l, const char *first, const char *second)
{
	const char *targets[] = { first, second };

	load_set_targets(l, targets, second ? 2 : 1);
}

static const char *address_in(const char *url)
{
	return url + strlen("http://");
}

static const char *address(const struct script *s)
{
	return address_in(s->url);
}

/* An address where nothing listens. */
static const char *closed_address(char url[SCRIPT_URL])
{
	close(script_listen(url));
	return address_in(url);
}

static void answers_below_400_are_successes_with_their_latency(void **state)
{
	static const char *const answers[] = { ANSWER("200 OK"), ANSWER("302 Found"),
					       ANSWER("500 Internal Server Error"),
					       ANSWER("404 Not Found"), NULL };
	CLEANUP(load_free) struct load *l = new_load(1, 0);
	const struct load_stats *s = load_stats(l);
	struct script web;

	(void)state;
	script_start(&web, answers);
	aim(l, address(&web), NULL);
	for (uint64_t n = 1; n <= 4; n++)
		send_some(l, n + s->skipped);
	script_done(&web);
	assert_int_equal(s->ok, 2);
	assert_int_equal(s->failed, s->sent - 2);
	assert_int_equal(s->latency.total, 2);
	assert_true(latency_quantile(&s->latency, 0.5) > 0);
	assert_true(*s->last_failure != '\0');
	script_free(&web);
}

static void paths_are_asked_for_in_turn_and_some_are_fresh(void **state)
{
	static const char *const answers[] = { ANSWER("200 OK"), ANSWER("200 OK"),
					       ANSWER("200 OK"), ANSWER("200 OK"), NULL };
	CLEANUP(load_free) struct load *l = new_load(1, 0.5);
	struct script web;

	(void)state;
	script_start(&web, answers);
	aim(l, address(&web), NULL);
	for (uint64_t n = 1; n <= 4; n++)
		send_some(l, n + load_stats(l)->skipped);
	script_done(&web);
	assert_non_null(strstr(buf_str(&web.requests[0]), "GET /a HTTP"));
	assert_non_null(strstr(buf_str(&web.requests[1]), "GET /b?x=1&visit="));
	assert_non_null(strstr(buf_str(&web.requests[2]), "GET /a HTTP"));
	assert_non_null(strstr(buf_str(&web.requests[3]), "GET /b?x=1&visit="));
	script_free(&web);
}

static void a_target_that_is_gone_is_passed_over(void **state)
{
	static const char *const answers[] = { ANSWER("200 OK"), ANSWER("200 OK"), NULL };
	CLEANUP(load_free) struct load *l = new_load(1, 0);
	const struct load_stats *s = load_stats(l);
	struct script web;
	char url[SCRIPT_URL];

	(void)state;
	script_start(&web, answers);
	aim(l, closed_address(url), address(&web));
	send_some(l, 1);
	script_done(&web);
	assert_int_equal(s->ok, 1);
	assert_int_equal(s->failed, 0);
	assert_int_equal(s->moved, 1);
	script_free(&web);
}

/* A server that begins anew: it answers KEPT requests together, closes these connections
 * when the next requests come on them, and answers what comes on others. */
#define KEPT 8
#define ALIVE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct renewed {
	int fd;
	char url[SCRIPT_URL];
	pthread_t thread;
};

static void answer(int fd, const char *text)
{
	char request[4096];

	if (recv(fd, request, sizeof(request), 0) > 0)
		(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *serve_renewed(void *arg)
{
	struct renewed *w = arg;
	struct pollfd p[1 + KEPT] = { { .fd = w->fd, .events = POLLIN } };

	for (size_t i = 1; i <= KEPT; i++)
		p[i] = (struct pollfd){ .fd = accept(w->fd, NULL, NULL),
					.events = POLLIN };
	for (size_t i = 1; i <= KEPT; i++)
		answer(p[i].fd, ALIVE);
	while (poll(p, ARRAY_SIZE(p), -1) > 0) {
		for (size_t i = 1; i <= KEPT; i++)
			if (p[i].revents) {
				answer(p[i].fd, "");
				close(p[i].fd);
				p[i] = (struct pollfd){ .fd = -1 };
			}
		if (p[0].revents) {
			int fd = accept(w->fd, NULL, NULL);

			if (fd < 0)
				break;
			answer(fd, ANSWER("200 OK"));
			close(fd);
		}
	}
	for (size_t i = 1; i <= KEPT; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
	return NULL;
}

static void renewed_start(struct renewed *w)
{
	w->fd = script_listen(w->url);
	assert_int_equal(pthread_create(&w->thread, NULL, serve_renewed, w), 0);
}

static void renewed_stop(struct renewed *w)
{
	shutdown(w->fd, SHUT_RDWR);
	pthread_join(w->thread, NULL);
	close(w->fd);
}

/* Keeps KEPT connections, then asks once more; how many requests that were: of several at
 * once none finds as many closed connections as curl tries by itself. */
static uint64_t ask_a_renewed_server(struct load *l)
{
	const struct load_stats *s = load_stats(l);
	struct renewed web;
	uint64_t before;

	renewed_start(&web);
	aim(l, address_in(web.url), NULL);
	for (uint64_t n = KEPT; s->sent < KEPT; n++)
		send_some(l, n);
	before = s->sent;
	send_some(l, before + s->skipped + 1);
	assert_int_equal(s->failed, 0);
	assert_int_equal(s->ok, s->sent);
	renewed_stop(&web);
	return s->sent - before;
}

static void a_server_that_closed_what_was_kept_gets_a_new_connection(void **state)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	bool was_one = false;

	(void)state;
	while (!was_one) {
		CLEANUP(load_free) struct load *l = new_load(KEPT, 0);

		assert_true(clock_mono_ms() < until);
		was_one = ask_a_renewed_server(l) == 1;
		assert_true(!was_one || load_stats(l)->moved >= 1);
	}
}

static void when_no_target_accepts_it_is_a_failure(void **state)
{
	CLEANUP(load_free) struct load *l = new_load(1, 0);
	const struct load_stats *s = load_stats(l);
	char url[SCRIPT_URL];

	(void)state;
	aim(l, closed_address(url), NULL);
	send_some(l, 1);
	assert_int_equal(s->ok, 0);
	assert_true(s->failed >= 1);
	assert_non_null(strstr(s->last_failure, "/a"));
}

static void what_is_too_much_at_once_is_skipped(void **state)
{
	static const char *const answers[] = { "hang", NULL };
	CLEANUP(load_free) struct load *l = new_load(1, 0);
	const struct load_stats *s = load_stats(l);
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct script web;
	struct err e;

	(void)state;
	script_start(&web, answers);
	aim(l, address(&web), NULL);
	while (s->skipped < 3 && clock_mono_ms() < until)
		assert_ok(load_run(l, 2, 500, &e), &e);
	assert_int_equal(s->sent, 1);
	assert_int_equal(s->in_flight, 1);
	assert_true(s->skipped >= 3);
	script_done(&web);
	script_free(&web);
}

static void an_empty_set_of_targets_keeps_the_old_one(void **state)
{
	CLEANUP(load_free) struct load *l = new_load(1, 0);

	(void)state;
	assert_int_equal(load_targets(l), 0);
	aim(l, "127.0.0.1:1", "127.0.0.1:2");
	load_set_targets(l, NULL, 0);
	assert_int_equal(load_targets(l), 2);
}

static void a_histogram_knows_its_quantiles(void **state)
{
	struct latency h = { 0 };

	(void)state;
	assert_close(latency_quantile(&h, 0.5), 0, 0);
	for (int ms = 1; ms <= 1000; ms++)
		latency_add(&h, ms / 1000.0);
	assert_close(latency_quantile(&h, 0.5), 0.5, 0.01);
	assert_close(latency_quantile(&h, 0.99), 0.99, 0.02);
	latency_add(&h, 1e9);
	assert_true(latency_quantile(&h, 1) > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_below_400_are_successes_with_their_latency),
		cmocka_unit_test(paths_are_asked_for_in_turn_and_some_are_fresh),
		cmocka_unit_test(a_target_that_is_gone_is_passed_over),
		cmocka_unit_test(
			a_server_that_closed_what_was_kept_gets_a_new_connection),
		cmocka_unit_test(when_no_target_accepts_it_is_a_failure),
		cmocka_unit_test(what_is_too_much_at_once_is_skipped),
		cmocka_unit_test(an_empty_set_of_targets_keeps_the_old_one),
		cmocka_unit_test(a_histogram_knows_its_quantiles),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = cmocka_run_group_tests_name("load", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
