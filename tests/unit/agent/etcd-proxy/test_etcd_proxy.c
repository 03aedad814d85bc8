/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: to which member, how many, and how they end. */
#include "etcd_proxy_fixture.h"

#include <sys/fsuid.h>
#include <sys/resource.h>

static void passes_requests_and_answers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;

	start_with_member(s);
	fd = dial(s);
	say(s, fd, HEALTH);
	say(s, fd,
	    "POST /v3beta/kv/put HTTP/1.1\r\nHost: [::1]:2379\r\n"
	    "Transfer-Encoding: chunked\r\nX-Other: y\r\n"
	    "Content-Type: application/json\r\n\r\n"
	    "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
	assert_int_equal(stats(s).connections, 1);
	assert_non_null(strstr(buf_str(&s->echo[0].got),
			       "\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"));
	assert_non_null(strstr(buf_str(&s->echo[0].got), "application/json\r\n"));
	/* What a call needs passes, and nothing else. */
	assert_null(strstr(buf_str(&s->echo[0].got), "X-Other"));
}

static void answers_a_client_that_sends_no_more(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *answer = NULL;

	start_with_member(s);
	fd = dial(s);
	put(fd, HEALTH);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	answer = read_until(s, fd, "NEVER");
	assert_non_null(strstr(answer, "200 OK"));
	/* The answer was all that was due, and so all has ended. */
	assert_int_equal(stats(s).connections, 0);
}

/* The member would take it for the end of all. */
static void a_late_answer_comes_to_a_client_that_sends_no_more(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *answer = NULL;
	char part;

	start_with_member(s);
	s->echo[0].is_silent = true;
	fd = dial(s);
	put(fd, HEALTH);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	while (!strstr(buf_str(&s->echo[0].got), "\r\n\r\n"))
		turn(s);
	for (int i = 0; i < 20; i++)
		turn(s);
	assert_int_equal(recv(s->echo[0].conns[0], &part, 1, MSG_PEEK | MSG_DONTWAIT),
			 -1);
	s->echo[0].is_silent = false;
	take(&s->echo[0], s->echo[0].conns[0], "", 0);
	answer = read_until(s, fd, "NEVER");
	assert_non_null(strstr(answer, "200 OK"));
	assert_int_equal(stats(s).connections, 0);
}

static void rests_while_there_are_no_descriptors(void **state)
{
	struct setup *s = *state;
	struct rlimit before, few;
	char endpoints[64];
	int fds[6], lowest, turns = 0;
	int64_t end;

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = dial(s);
	lowest = dup(0);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	end = clock_mono_ms() + 500;
	for (; clock_mono_ms() < end; turns++)
		loop_once(s->loop, 100);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* A turn a tenth of a second, and one for its timer. */
	assert_in_range(turns, 1, 20);
	assert_int_equal(stats(s).connections, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		say(s, fds[i], HEALTH);
		close(fds[i]);
	}
}

/* Turns until the member has seen so many bytes. */
static void await_bytes(struct setup *s, size_t n)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (s->echo[0].bytes < n) {
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
}

static void holds_back_a_client_whose_member_does_not_read(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *chunk = xmalloc(1 << 16);
	size_t sent = 0, head;
	int64_t quiet;

	start_with_member(s);
	s->echo[0].is_silent = true;
	fd = dial(s);
	put(fd, "POST /v3/kv/put HTTP/1.1\r\nHost: h\r\n"
		"Content-Length: 1000000000\r\n\r\n");
	await_bytes(s, 1);
	head = s->echo[0].bytes;
	memset(chunk, 'x', 1 << 16);
	quiet = clock_mono_ms();
	/* Ends when every buffer on the way is full and nothing moves any more. */
	while (clock_mono_ms() - quiet < 100 && sent < 64u << 20) {
		ssize_t n = send(fd, chunk, 1 << 16, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			quiet = clock_mono_ms();
		}
		loop_once(s->loop, 1);
	}
	assert_true(sent < 64u << 20);
	await_bytes(s, head + sent);
	assert_int_equal(s->echo[0].bytes, head + sent);
}

static void goes_on_to_a_member_that_answers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[128];
	int dead;
	uint16_t port = listen_on(&dead);

	close(dead);
	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d, http://127.0.0.1:%d",
		 port, s->echo[0].port);
	start(s, endpoints);
	a = dial(s);
	say(s, a, HEALTH);
	b = dial(s);
	say(s, b, RANGE);
	assert_int_equal(s->echo[0].n_conns, 2);
	assert_int_equal(stats(s).failed, 0);
}

static void says_so_when_no_member_answers(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[64], back[512] = "";
	int dead;
	uint16_t port = listen_on(&dead);

	close(dead);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", port);
	start(s, endpoints);
	a = dial(s);
	put(a, HEALTH);
	receive(s, a, back, sizeof(back) - 1);
	assert_non_null(strstr(back, "502 Bad Gateway"));
	assert_non_null(strstr(back, "Content-Length: 57\r\n\r\n{"));
	assert_int_equal(strlen(strstr(back, "\r\n\r\n")) - 4, 57);
	shutdown(a, SHUT_WR);
	while (stats(s).connections > 0)
		turn(s);
	assert_int_equal(stats(s).failed, 1);
	assert_int_equal(stats(s).connections, 0);
	/* What speaks HTTP/2 gets no HTTP/1 answer. */
	b = dial(s);
	put(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	assert_int_equal(receive(s, b, back, 1), 0);
}

static void never_takes_an_empty_list_nor_itself(void **state)
{
	static const char *const bad[] = {
		"",           " , ",        "ftp://x:1",      "http://",
		"http://a b", "http://x:0", "https://x:99999"
	};
	struct setup *s = *state;
	char self[64];
	struct err err;

	start(s, "http://127.0.0.1:1,https://m2.example:2379/,http://[::1]:2379");
	assert_int_equal(stats(s).members, 3);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(etcd_proxy_set_members(s->proxy, bad[i], &err) < 0);
	snprintf(self, sizeof(self), "http://127.0.0.1:%d", etcd_proxy_port(s->proxy));
	assert_int_equal(etcd_proxy_set_members(s->proxy, self, &err), ERR_INVAL);
	assert_int_equal(stats(s).members, 3);
	assert_ok(etcd_proxy_set_members(s->proxy, "http://127.0.0.1:1", &err), &err);
	assert_int_equal(stats(s).members, 1);
}

static void takes_new_members_for_new_connections(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int a = -1;
	CLEANUP(close_fd) int b = -1;
	char endpoints[64];
	struct err err;

	start_echo(&s->echo[0]);
	start_echo(&s->echo[1]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
	a = dial(s);
	say(s, a, HEALTH);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[1].port);
	assert_ok(etcd_proxy_set_members(s->proxy, endpoints, &err), &err);
	b = dial(s);
	say(s, b, HEALTH);
	say(s, a, HEALTH);
	assert_int_equal(s->echo[0].n_conns, 1);
	assert_int_equal(s->echo[1].n_conns, 1);
}

/* One user's connections: the ones that ask nothing give way, those that wait do not. */
static void one_user_cannot_take_all_connections(void **state)
{
	struct setup *s = *state;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	int fds[100];

	start(s, "http://127.0.0.1:1");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = dial(s);
		while (stats(s).accepted < i + 1) {
			assert_true(clock_mono_ms() < end);
			turn(s);
		}
	}
	assert_int_equal(stats(s).connections, 96);
	assert_int_equal(stats(s).refused, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	while (stats(s).connections > 0) {
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
}

/* What one user's programs hold leaves others their places. */
static void another_user_is_served_beside(void **state)
{
	struct setup *s = *state;
	CLEANUP(close_fd) int own = -1;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	int fds[98];

	start_with_member(s);
	s->echo[0].is_silent = true;
	(void)setfsuid(65534);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = dial(s);
		put(fds[i], HEALTH);
		while (s->echo[0].n_conns + stats(s).refused < i + 1) {
			assert_true(clock_mono_ms() < end);
			turn(s);
		}
	}
	(void)setfsuid(0);
	assert_int_equal(stats(s).refused, 2);
	s->echo[0].is_silent = false;
	own = dial(s);
	say(s, own, HEALTH);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void what_waits_for_an_answer_does_not_give_way(void **state)
{
	struct setup *s = *state;
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	int fds[97];

	start_with_member(s);
	s->echo[0].is_silent = true;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = dial(s);
		put(fds[i], HEALTH);
		while (s->echo[0].n_conns + stats(s).refused < i + 1) {
			assert_true(clock_mono_ms() < end);
			turn(s);
		}
	}
	assert_int_equal(stats(s).connections, 96);
	assert_int_equal(stats(s).refused, 1);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passes_requests_and_answers),
		TEST(answers_a_client_that_sends_no_more),
		TEST(a_late_answer_comes_to_a_client_that_sends_no_more),
		TEST(rests_while_there_are_no_descriptors),
		TEST(holds_back_a_client_whose_member_does_not_read),
		TEST(goes_on_to_a_member_that_answers),
		TEST(says_so_when_no_member_answers),
		TEST(never_takes_an_empty_list_nor_itself),
		TEST(takes_new_members_for_new_connections),
		TEST(one_user_cannot_take_all_connections),
		TEST(what_waits_for_an_answer_does_not_give_way),
		TEST(another_user_is_served_beside),
	};

	return cmocka_run_group_tests_name("etcd_proxy", tests, NULL, NULL);
}
