/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of events: what they send and when, and what goes on beside a slow database. */
#include "api_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define MANY 30

/* Readings of events, each of which waits for a post while they are slow. */
static atomic_bool is_slow;
static atomic_int readings; /* begun while slow */
static sem_t go;

static int on_statement(unsigned what, void *arg, void *stmt, void *text)
{
	(void)what;
	(void)arg;
	(void)text;
	if (!is_slow || !strstr(sqlite3_sql(stmt), "FROM event "))
		return 0;
	readings++;
	while (sem_wait(&go) != 0)
		;
	return 0;
}

static int on_connection(sqlite3 *sql, char **err, const void *api)
{
	(void)err;
	(void)api;
	return sqlite3_trace_v2(sql, SQLITE_TRACE_STMT, on_statement, NULL);
}

static int setup(void **state)
{
	static const struct api_hooks hooks = { .arg = NULL };
	struct fixture *f = fixture_new();

	is_slow = false;
	readings = 0;
	sem_init(&go, 0, 0);
	assert_int_equal(sqlite3_auto_extension((void (*)(void))on_connection),
			 SQLITE_OK);
	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	is_slow = false;
	sem_post(&go);
	fixture_free(*state);
	sqlite3_reset_auto_extension();
	sem_destroy(&go);
	return 0;
}

static int stream_open(const struct fixture *f, const char *query)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(api_port(f->api)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CLEANUP(free)
	char *ask = xasprintf("GET /v1/events/stream%s HTTP/1.1\r\nHost: localhost\r\n"
			      "Authorization: Bearer %s\r\n\r\n",
			      query, f->viewer);
	struct timeval wait = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
	return fd;
}

/* Whether more came. */
static bool read_part(int fd, struct buf *b)
{
	char part[4096];
	ssize_t n = read(fd, part, sizeof(part));

	assert_true(n >= 0);
	buf_add(b, part, (size_t)n);
	return n > 0;
}

/* Reads on until the text has come. */
static void await(int fd, struct buf *b, const char *text)
{
	while (!strstr(buf_str(b), text))
		if (!read_part(fd, b))
			fail_msg("the stream ended before '%s': %s", text, buf_str(b));
}

static void add_event(const struct fixture *f, const char *message)
{
	CLEANUP(free) char *text = xstrdup(message);
	char kind[] = "test-event";
	const struct db_event ev = { .kind = kind, .message = text };
	struct err e;

	assert_ok(db_event_add(f->db, &ev, NULL, &e), &e);
}

static void events_arrive_in_the_stream_as_they_happen(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(close_fd) int fd = stream_open(f, "");
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 1 << 20);
	await(fd, &b, "retry:");
	assert_non_null(strstr(buf_str(&b), "text/event-stream"));
	add_event(f, "hello there");
	api_notify_event(f->api);
	await(fd, &b, "hello there");
	assert_non_null(strstr(buf_str(&b), "event: test-event"));
}

/* Also without a notice, and the API can be closed while a stream sleeps. */
static void a_sleeping_stream_sees_events_and_does_not_stop_the_end(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(close_fd) int fd = stream_open(f, "");
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 1 << 20);
	await(fd, &b, "retry:");
	add_event(f, "psst");
	await(fd, &b, "psst");
}

static void a_stream_that_is_far_behind_gets_each_event_once(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(buf_done) struct buf b;
	CLEANUP(close_fd) int fd = -1;
	const char *at;
	char want[64];

	for (int i = 1; i <= 350; i++) {
		snprintf(want, sizeof(want), "number %d!", i);
		add_event(f, want);
	}
	buf_init(&b, 1 << 20);
	fd = stream_open(f, "?since=0");
	await(fd, &b, want);
	at = buf_str(&b);
	for (int i = 1; i <= 350; i++) {
		snprintf(want, sizeof(want), "number %d!", i);
		at = strstr(at, want);
		assert_non_null(at);
		at += strlen(want);
	}
	assert_null(strstr(at, "number"));
}

static void a_stream_ends_with_its_token(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(close_fd) int fd = stream_open(f, "");
	CLEANUP(buf_done) struct buf b;
	struct err e;

	buf_init(&b, 1 << 20);
	await(fd, &b, "retry:");
	assert_ok(db_token_revoke(f->db, 2, &e), &e);
	api_notify_event(f->api);
	while (read_part(fd, &b))
		;
	assert_null(strstr(buf_str(&b), "test-event"));
}

static void await_readings(int n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (readings < n) {
		struct timespec nap = { .tv_nsec = 1000000 };

		assert_true(clock_mono_ms() < until);
		nanosleep(&nap, NULL);
	}
}

/* All API threads are free, and streams at one event cost one reading. */
static void hosts_are_answered_while_many_streams_wait_for_the_database(void **state)
{
	const struct fixture *f = *state;
	struct buf b[MANY];
	int fd[MANY];

	add_event(f, "at last");
	is_slow = true;
	for (int i = 0; i < MANY; i++) {
		fd[i] = stream_open(f, "?since=0");
		buf_init(&b[i], 1 << 20);
		await(fd[i], &b[i], "retry:");
	}
	await_readings(1);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(fixture_status(f, CALL(.path = "/healthz")), 200);
		assert_int_equal(
			fixture_status(f, CALL(.method = "POST", .path = "/v1/join",
					       .body = "{}", .tls = true)),
			400);
	}
	assert_int_equal(readings, 1);
	/* Of the first one, and of all others. */
	sem_post(&go);
	await_readings(2);
	sem_post(&go);
	for (int i = 0; i < MANY; i++) {
		await(fd[i], &b[i], "at last");
		close(fd[i]);
		buf_done(&b[i]);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_arrive_in_the_stream_as_they_happen),
		TEST(a_sleeping_stream_sees_events_and_does_not_stop_the_end),
		TEST(a_stream_that_is_far_behind_gets_each_event_once),
		TEST(a_stream_ends_with_its_token),
		TEST(hosts_are_answered_while_many_streams_wait_for_the_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
