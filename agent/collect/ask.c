/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ask.h"

#include "buf.h"
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ASK_MAGIC 0x61736b5fu

struct ask {
	uint32_t magic;
	struct loop *loop;
	int fd;
	struct buf out, in;
	const char *end;
	struct loop_timer *timer; /* the limit; also reports a failed start */
	struct err err;
	ask_fn *fn;
	void *arg;
};

static void report(struct ask *a)
{
	struct buf in = a->in;
	struct err e = a->err;
	ask_fn *fn = a->fn;
	void *arg = a->arg;

	a->in = (struct buf){ 0 };
	ask_free(a);
	fn(arg, buf_str(&in), in.len, e.code ? &e : NULL);
	buf_done(&in);
}

static void fail(struct ask *a, const char *what)
{
	err_errno(&a->err, ERR_UNAVAIL, "%s", what);
	report(a);
}

static bool is_whole(const struct ask *a)
{
	size_t n = a->end ? strlen(a->end) : 0;

	return n && a->in.len >= n && memcmp(a->in.data + a->in.len - n, a->end, n) == 0;
}

static void read_some(struct ask *a)
{
	char bytes[8192];
	ssize_t n = recv(a->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(a, "reading");
		return;
	}
	buf_add(&a->in, bytes, (size_t)n);
	if (buf_is_full(&a->in))
		err_set(&a->err, ERR_LIMIT, "the answer is too large");
	else if (n == 0 && a->end)
		err_set(&a->err, ERR_PROTO, "the answer ends too early");
	if (n == 0 || a->err.code || is_whole(a))
		report(a);
}

static void on_io(void *arg, int fd, uint32_t events)
{
	struct ask *a = arg;
	ssize_t n;

	CHECK_MAGIC(a, ASK_MAGIC);
	if (!a->out.len) {
		read_some(a);
		return;
	}
	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	n = send(fd, a->out.data, a->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(a, "connecting");
		return;
	}
	buf_drop(&a->out, (size_t)n);
	if (!a->out.len)
		loop_io_mod(a->loop, fd, EPOLLIN);
}

static void on_timer(void *arg)
{
	struct ask *a = arg;

	CHECK_MAGIC(a, ASK_MAGIC);
	if (!a->err.code)
		err_set(&a->err, ERR_TIMEOUT, "no answer in time");
	report(a);
}

static int fill_address(const struct ask_req *req, struct sockaddr_storage *sa,
			socklen_t *len, struct err *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)sa;
	struct sockaddr_in *in = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	*sa = (struct sockaddr_storage){ 0 };
	if (req->unix_path) {
		un->sun_family = AF_UNIX;
		*len = sizeof(*un);
		if (snprintf(un->sun_path, sizeof(un->sun_path), "%s", req->unix_path) >=
		    (int)sizeof(un->sun_path))
			return err_set(err, ERR_INVAL, "the path %s is too long",
				       req->unix_path);
	} else if (inet_pton(AF_INET, req->address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)req->port);
		*len = sizeof(*in);
	} else if (inet_pton(AF_INET6, req->address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)req->port);
		*len = sizeof(*in6);
	} else {
		return err_set(err, ERR_INVAL, "'%s' is not an address", req->address);
	}
	return 0;
}

static int start(struct ask *a, const struct ask_req *req, struct err *err)
{
	struct sockaddr_storage sa;
	socklen_t len = 0;
	int rc = fill_address(req, &sa, &len, err);

	if (rc < 0)
		return rc;
	a->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return err_errno(err, ERR_INTERNAL, "socket");
	if (connect(a->fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)
		return err_errno(err, ERR_UNAVAIL, "%s",
				 req->unix_path ? req->unix_path : "connecting");
	return loop_io_add(a->loop, a->fd, EPOLLIN | EPOLLOUT, on_io, a, err);
}

struct ask *ask_start(struct loop *l, const struct ask_req *req, ask_fn *fn, void *arg)
{
	struct ask *a = xcalloc(1, sizeof(*a));
	int rc;

	a->magic = ASK_MAGIC;
	a->loop = l;
	a->fd = -1;
	a->end = req->end;
	a->fn = fn;
	a->arg = arg;
	buf_init(&a->out, 65536);
	buf_init(&a->in, req->max_bytes);
	buf_add(&a->out, req->data, req->len);
	a->timer = loop_timer_new(l, on_timer, a);
	rc = start(a, req, &a->err);
	loop_timer_in(a->timer, rc < 0 ? 0 : req->timeout_ms);
	return a;
}

void ask_free(struct ask *a)
{
	if (!a)
		return;
	CHECK_MAGIC(a, ASK_MAGIC);
	if (a->fd >= 0) {
		loop_io_del(a->loop, a->fd);
		close(a->fd);
	}
	loop_timer_free(a->timer);
	buf_done(&a->out);
	buf_done(&a->in);
	a->magic = 0;
	free(a);
}
