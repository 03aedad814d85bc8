/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store over HTTP: paths, methods, answers that wait, and watches as streams. */
#include "clock.h"
#include "kv_fixture.h"
#include "owner.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void paths_are_the_stores_or_not(void **state)
{
	(void)state;
	assert_true(kv_handles("/v3/kv/range"));
	assert_true(kv_handles("/v3beta/watch"));
	assert_true(kv_handles("/health"));
	assert_true(kv_handles("/version"));
	assert_false(kv_handles("/v3"));
	assert_false(kv_handles("/v3x/kv/range"));
	assert_false(kv_handles("/v1/tiers"));
	assert_false(kv_handles("/healthz"));
}

/* ---------------------------------------------------------------- server and client */

static const struct kv_limits few = { .answer_bytes = 1000,
				      .watches = 1,
				      .reads = { .per_s = 1000, .burst = 1000 } };
static const struct kv_access web1 = { .owner = "web-1",
				       .limits = &few,
				       .read_all = true };

/* Those with the header "Host: web-1" are of that host, others may do all. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version,
				  const char *data, size_t *n, void **state)
{
	const char *host = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Host");
	struct buf *body = *state;

	(void)version;
	if (!body) {
		*state = body = xcalloc(1, sizeof(*body));
		buf_init(body, 1u << 20);
		return MHD_YES;
	}
	if (*n) {
		buf_add(body, data, *n);
		*n = 0;
		return MHD_YES;
	}
	return kv_serve(arg, conn, method, url, buf_str(body), body->len,
			host && strcmp(host, "web-1") == 0 ? &web1 : &all);
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode why)
{
	(void)arg, (void)conn, (void)why;
	buf_done(*state);
	free(*state);
}

static struct MHD_Daemon *serve(struct kv *kv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *d = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, kv, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_END);

	assert_non_null(d);
	return d;
}

static int connect_to(struct MHD_Daemon *d)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons(MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static int ask(struct MHD_Daemon *d, const char *method, const char *path,
	       const char *host, const char *body)
{
	CLEANUP(free)
	char *text =
		xasprintf("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n%s",
			  method, path, host, strlen(body), body);
	int fd = connect_to(d);

	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	return fd;
}

/* Reads on until the text has this part; the end of the stream counts as "". */
static void await(int fd, struct buf *text, const char *part)
{
	char data[4096];

	while (!*part || !strstr(buf_str(text), part)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		n = recv(fd, data, sizeof(data), 0);
		if (n <= 0 && !*part)
			return;
		assert_true(n > 0);
		buf_add(text, data, (size_t)n);
	}
}

static void expect(struct MHD_Daemon *d, const char *method, const char *path,
		   const char *body, const char *part)
{
	CLEANUP(buf_done) struct buf text;
	int fd = ask(d, method, path, "x", body);

	buf_init(&text, 1u << 20);
	await(fd, &text, part);
	close(fd);
}

/* ---------------------------------------------------------------- tests */

static void requests_are_answered(void **state)
{
	struct world *w = *state;
	struct MHD_Daemon *d = serve(w->kv);

	expect(d, "POST", "/v3/kv/put", "{\"key\":\"YQ==\"}", "200 OK");
	expect(d, "POST", "/v3/kv/range", "{\"key\":\"YQ==\"}", "\"count\":\"1\"");
	expect(d, "POST", "/v3/kv/range", "{}", "400 Bad Request");
	expect(d, "GET", "/v3/kv/range", "", "405 Method Not Allowed");
	expect(d, "GET", "/health", "", "{\"health\":\"true\"}");
	expect(d, "POST", "/health", "", "405 Method Not Allowed");
	expect(d, "POST", "/v3/none", "", "404 Not Found");
	expect(d, "POST", "/v3/watch", "{}", "400 Bad Request");
	MHD_stop_daemon(d);
	assert_int_equal(w->kv->owners[0]->answer_bytes, 0);
}

static void wait_for_watches(struct kv *kv, size_t n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct kv_stats s;

	do {
		kv_stats(kv, &s);
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	} while (s.watches != n);
}

static void a_watch_is_a_stream(void **state)
{
	struct world *w = *state;
	struct MHD_Daemon *d = serve(w->kv);
	CLEANUP(buf_done) struct buf text;
	int fd = ask(d, "POST", "/v3/watch", "web-1",
		     "{\"create_request\":{\"key\":\"L2E=\"}}");
	int second;

	buf_init(&text, 1u << 20);
	await(fd, &text, "\"created\":true");
	put(w->kv, &all, "/a", "one");
	await(fd, &text, "b25l");
	put(w->kv, &all, "/a", "two");
	await(fd, &text, "dHdv");
	/* It has its one watch. */
	buf_clear(&text);
	second = ask(d, "POST", "/v3/watch", "web-1",
		     "{\"create_request\":{\"key\":\"L2E=\"}}");
	await(second, &text, "429 ");
	await(second, &text, "too many watches: the limit of web-1");
	close(second);
	assert_true(kv_end_owner(w->kv, "web-1"));
	await(fd, &text, "");
	close(fd);
	wait_for_watches(w->kv, 0);
	MHD_stop_daemon(d);
}

static void a_peer_that_leaves_is_noticed(void **state)
{
	struct world *w = *state;
	struct MHD_Daemon *d = serve(w->kv);
	CLEANUP(buf_done) struct buf text;
	int fd = ask(d, "POST", "/v3/watch", "web-1",
		     "{\"create_request\":{\"key\":\"L2E=\"}}");

	buf_init(&text, 1u << 20);
	await(fd, &text, "\"created\":true");
	close(fd);
	wait_for_watches(w->kv, 0);
	MHD_stop_daemon(d);
}

static void wait_for_answers(struct kv *kv, bool any)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;
	size_t bytes;

	do {
		pthread_mutex_lock(&kv->books);
		bytes = kv_owner_find(kv, "web-1")->answer_bytes;
		pthread_mutex_unlock(&kv->books);
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	} while ((bytes > 0) != any);
}

/* Answers that nobody reads are not made without end. */
static void who_does_not_read_gets_no_more(void **state)
{
	struct world *w = *state;
	struct MHD_Daemon *d = serve(w->kv);
	CLEANUP(free) char *value = xcalloc(1, (1u << 20) + 1);
	CLEANUP(buf_done) struct buf text;
	const char *all_keys = "{\"key\":\"AA==\",\"range_end\":\"AA==\"}";
	int fd, second;

	memset(value, 'v', 1u << 20);
	for (int i = 0; i < 12; i++) {
		char key[16];

		snprintf(key, sizeof(key), "/%d", i);
		assert_int_equal(put(w->kv, &all, key, value), 200);
	}
	buf_init(&text, 32u << 20);
	fd = ask(d, "POST", "/v3/kv/range", "web-1", all_keys); /* 16 MB, unread */
	wait_for_answers(w->kv, true);
	second = ask(d, "POST", "/v3/kv/range", "web-1", all_keys);
	await(second, &text, "429 ");
	close(second);
	buf_clear(&text);
	await(fd, &text, "\"count\":\"12\"}");
	wait_for_answers(w->kv, false);
	close(fd);
	MHD_stop_daemon(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_the_stores_or_not),
		KV_TEST(requests_are_answered),
		KV_TEST(a_watch_is_a_stream),
		KV_TEST(a_peer_that_leaves_is_noticed),
		KV_TEST(who_does_not_read_gets_no_more),
	};

	return cmocka_run_group_tests_name("the store over HTTP", tests, NULL, NULL);
}
