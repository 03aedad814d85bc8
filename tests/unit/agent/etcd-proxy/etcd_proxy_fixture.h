/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * etcd_proxy_fixture.h - the agent's proxy, members of a store that answer as they are
 * told, and clients.
 */
#ifndef TESTS_UNIT_AGENT_ETCD_PROXY_FIXTURE_H
#define TESTS_UNIT_AGENT_ETCD_PROXY_FIXTURE_H

#include "test.h"

#include "check.h"
#include "clock.h"
#include "etcd-proxy.h"
#include "log.h"
#include "net.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HEALTH "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define RANGE                                                                        \
	"POST /v3/kv/range HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n" \
	"abcd"

/* A member, plain. */
struct echo {
	int fd;
	uint16_t port;
	int conns[100];
	size_t n_conns;
	struct buf got; /* from all connections */
	size_t answered, bytes;
	bool is_silent; /* it answers nothing */
};

static inline size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		n++;
	return n;
}

struct setup {
	struct loop *loop;
	struct etcd_proxy *proxy;
	struct echo echo[2];
	char folder[64];
	pid_t etcd;
	bool ended;
	char words[ERR_MSG_MAX];
};

static inline uint16_t listen_on(int *ret_fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(*ret_fd >= 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(*ret_fd, 16), 0);
	assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static inline void start_echo(struct echo *e)
{
	buf_init(&e->got, 1 << 20);
	e->port = listen_on(&e->fd);
}

/* Keeps what came, and answers each request (they all end with "\r\n\r\n"). */
static inline void take(struct echo *e, int fd, const char *part, size_t n)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	e->bytes += n;
	buf_add(&e->got, part, n);
	while (!e->is_silent && e->answered < count(buf_str(&e->got), "\r\n\r\n")) {
		assert_int_equal(send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL),
				 sizeof(answer) - 1);
		e->answered++;
	}
}

static inline void run_echo(struct echo *e)
{
	char part[4096];
	int fd;

	if (e->fd < 0)
		return;
	fd = accept4(e->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		assert_true(e->n_conns < ARRAY_SIZE(e->conns));
		e->conns[e->n_conns++] = fd;
	}
	for (size_t i = 0; i < e->n_conns; i++) {
		ssize_t n;

		while ((n = recv(e->conns[i], part, sizeof(part), MSG_DONTWAIT)) > 0)
			take(e, e->conns[i], part, (size_t)n);
		if (n == 0)
			shutdown(e->conns[i], SHUT_WR);
	}
}

static inline int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));
	struct err err;

	log_set_level(LOG_LEVEL_ERROR + 1);
	s->echo[0].fd = s->echo[1].fd = -1;
	assert_ok(loop_new(&s->loop, &err), &err);
	snprintf(s->folder, sizeof(s->folder), "/tmp/foretide-proxy-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	*state = s;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int flag,
			     struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct setup *s = *state;

	if (s->etcd) {
		kill(s->etcd, SIGKILL);
		waitpid(s->etcd, NULL, 0);
	}
	etcd_proxy_close(s->proxy);
	loop_free(s->loop);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < s->echo[i].n_conns; k++)
			close(s->echo[i].conns[k]);
		if (s->echo[i].fd >= 0)
			close(s->echo[i].fd);
		buf_done(&s->echo[i].got);
	}
	nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

static inline void start(struct setup *s, const char *endpoints)
{
	struct err err;

	assert_ok(etcd_proxy_open(s->loop,
				  &(struct etcd_proxy_opts){ .listen = "127.0.0.1:0",
							     .endpoints = endpoints,
							     .connect_ms = 300 },
				  &s->proxy, &err),
		  &err);
}

static inline void turn(struct setup *s)
{
	loop_once(s->loop, 5);
	run_echo(&s->echo[0]);
	run_echo(&s->echo[1]);
}

static inline struct etcd_proxy_stats stats(const struct setup *s)
{
	struct etcd_proxy_stats st;

	etcd_proxy_get_stats(s->proxy, &st);
	return st;
}

static inline int dial(const struct setup *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(etcd_proxy_port(s->proxy)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Everything up to want bytes, or until the other side ends. */
static inline size_t receive(struct setup *s, int fd, char *out, size_t want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	size_t have = 0;

	while (have < want) {
		ssize_t n = recv(fd, out + have, want - have, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0) {
			have += (size_t)n;
			continue;
		}
		assert_true(clock_mono_ms() < end);
		turn(s);
	}
	return have;
}

static inline void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that comes until it holds end, or the other side ends; the caller's. */
static inline char *read_until(struct setup *s, int fd, const char *end)
{
	CLEANUP(buf_done) struct buf all;
	char c;

	buf_init(&all, 1 << 20);
	while (!strstr(buf_str(&all), end) && receive(s, fd, &c, 1) == 1)
		buf_putc(&all, c);
	return xstrdup(buf_str(&all));
}

/* A request that is answered. */
static inline void say(struct setup *s, int fd, const char *text)
{
	CLEANUP(free) char *answer = NULL;

	put(fd, text);
	answer = read_until(s, fd, "\r\n\r\nok");
	assert_non_null(strstr(answer, "200 OK"));
}

static inline void start_with_member(struct setup *s)
{
	char endpoints[64];

	start_echo(&s->echo[0]);
	snprintf(endpoints, sizeof(endpoints), "http://127.0.0.1:%d", s->echo[0].port);
	start(s, endpoints);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
