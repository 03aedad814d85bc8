/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_script.h - a scripted HTTP server on a port of its own.
 *
 * One connection after the other: reads a request, stores it, sends the next scripted
 * answer verbatim, closes. The answer "" closes without an answer; one that ends with
 * "hang" (which is not sent) keeps the connection open until script_done(). After the
 * last answer connections are refused.
 */
#ifndef TESTS_HTTP_SCRIPT_H
#define TESTS_HTTP_SCRIPT_H

#include "buf.h"
#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCRIPT_MAX 16
#define SCRIPT_URL 64

struct script {
	const char *answers[SCRIPT_MAX];
	size_t n;
	char url[SCRIPT_URL];
	struct buf requests[SCRIPT_MAX];
	_Atomic size_t served;
	int fd;
	int stop[2];
	pthread_t thread;
};

/* False when the script ends first. */
static bool script_ready(struct script *s, int fd)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
			      { .fd = s->stop[0], .events = POLLIN } };

	CHECK(poll(p, 2, -1) > 0);
	return p[1].revents == 0;
}

static void script_read(struct script *s, int fd, struct buf *b)
{
	const char *body, *length;
	char piece[4096];

	for (;;) {
		body = strstr(buf_str(b), "\r\n\r\n");
		length = strcasestr(buf_str(b), "\r\ncontent-length:");
		if (body && (size_t)(buf_str(b) + b->len - body - 4) >=
				    (length ? strtoul(length + 17, NULL, 10) : 0))
			return;
		if (!script_ready(s, fd))
			return;
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n <= 0)
			return;
		buf_add(b, piece, (size_t)n);
	}
}

static void *script_run(void *arg)
{
	struct script *s = arg;

	for (size_t i = 0; i < s->n && script_ready(s, s->fd); i++) {
		int fd = accept(s->fd, NULL, NULL);
		size_t len = strlen(s->answers[i]);
		bool hang = len >= 4 && strcmp(s->answers[i] + len - 4, "hang") == 0;

		CHECK(fd >= 0);
		script_read(s, fd, &s->requests[i]);
		s->served = i + 1;
		if (hang)
			len -= 4;
		CHECK(send(fd, s->answers[i], len, MSG_NOSIGNAL) == (ssize_t)len);
		if (hang)
			(void)script_ready(s, -1);
		close(fd);
	}
	close(s->fd);
	return NULL;
}

/* A socket that listens on a port of its own; url: where. */
static inline int script_listen(char url[SCRIPT_URL])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(listen(fd, 64) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	snprintf(url, SCRIPT_URL, "http://127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static inline void script_start(struct script *s, const char *const *answers)
{
	*s = (struct script){ 0 };
	for (; answers[s->n]; s->n++) {
		CHECK(s->n < SCRIPT_MAX);
		s->answers[s->n] = answers[s->n];
		buf_init(&s->requests[s->n], 32u << 20);
	}
	s->fd = script_listen(s->url);
	CHECK(pipe(s->stop) == 0);
	CHECK(pthread_create(&s->thread, NULL, script_run, s) == 0);
}

/* Ends the thread; the requests stay readable until script_free(). */
static inline void script_done(struct script *s)
{
	CHECK(write(s->stop[1], "x", 1) == 1);
	CHECK(pthread_join(s->thread, NULL) == 0);
	close(s->stop[0]);
	close(s->stop[1]);
}

static inline void script_free(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_done(&s->requests[i]);
}

#define SCRIPT_JSON(body)                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" \
	"Connection: close\r\n\r\n" body

#endif
