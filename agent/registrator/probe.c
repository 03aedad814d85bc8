/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

#include "check.h"
#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CHECK_MAGIC_NUMBER 0x73636865u
#define OUTPUT_MAX_BYTES 4096
#define PAGE_MAX_BYTES (1 << 20)

struct service_check {
	uint32_t magic;
	struct loop *loop;
	service_check_fn *fn;
	void *arg;
	struct loop_timer *timer; /* of a TCP check; also reports a failed start */
	struct err err;
	int fd;
	struct httpm_call *call;
	struct child *child;
};

static void report(struct service_check *c, const struct err *why)
{
	service_check_fn *fn = c->fn;
	void *arg = c->arg;
	struct err e = why ? *why : (struct err){ 0 };

	CHECK_MAGIC(c, CHECK_MAGIC_NUMBER);
	service_check_free(c);
	fn(arg, e.code ? &e : NULL);
}

/* ---------------------------------------------------------------- TCP */

static void on_timer(void *arg)
{
	struct service_check *c = arg;

	if (!c->err.code)
		err_set(&c->err, ERR_TIMEOUT, "no connection in time");
	report(c, &c->err);
}

static void on_connected(void *arg, int fd, uint32_t events)
{
	struct service_check *c = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	if (error)
		err_errno(&c->err, ERR_UNAVAIL, "connect");
	report(c, error ? &c->err : NULL);
}

static int parse_address(const char *address, int port, struct sockaddr_storage *ret,
			 socklen_t *ret_len, struct err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*ret_len = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof(*v6);
		return 0;
	}
	return err_set(err, ERR_INVAL, "'%s' is not an address", address);
}

static int start_tcp(struct service_check *c, const char *address, int port)
{
	struct sockaddr_storage sa;
	socklen_t len = 0;
	int rc = parse_address(address, port, &sa, &len, &c->err);

	if (rc < 0)
		return rc;
	c->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return err_errno(&c->err, ERR_INTERNAL, "socket");
	if (connect(c->fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)
		return err_errno(&c->err, ERR_UNAVAIL, "connect");
	return loop_io_add(c->loop, c->fd, EPOLLOUT, on_connected, c, &c->err);
}

/* ---------------------------------------------------------------- HTTP and commands */

static void on_answer(void *arg, const struct http_res *res, bool sent,
		      const struct err *err)
{
	struct service_check *c = arg;

	(void)sent;
	CHECK_MAGIC(c, CHECK_MAGIC_NUMBER);
	c->call = NULL;
	if (!err && (res->status < 200 || res->status > 399)) {
		err_set(&c->err, ERR_UNAVAIL, "HTTP status %ld", res->status);
		err = &c->err;
	}
	report(c, err);
}

static void start_http(struct service_check *c, struct httpm *http,
		       const struct x_service *s, const char *address)
{
	CLEANUP(free)
	char *url =
		xasprintf(strchr(address, ':') ? "http://[%s]:%d%s" : "http://%s:%d%s",
			  address, s->port, s->check_path ? s->check_path : "/");
	struct http_req req = { .url = url,
				.timeout_ms = s->check_timeout_ms,
				.connect_timeout_ms = s->check_timeout_ms,
				.max_answer_bytes = PAGE_MAX_BYTES };

	c->call = httpm_start(http, &req, NULL, on_answer, c);
}

static void on_command(void *arg, const char *out, size_t len, const struct err *err)
{
	struct service_check *c = arg;

	(void)out;
	(void)len;
	c->child = NULL;
	report(c, err);
}

struct service_check *service_check_start(struct loop *loop, struct httpm *http,
					  const struct x_service *s, const char *address,
					  service_check_fn *fn, void *arg)
{
	struct service_check *c = xcalloc(1, sizeof(*c));
	int rc = 0;

	c->magic = CHECK_MAGIC_NUMBER;
	c->loop = loop;
	c->fn = fn;
	c->arg = arg;
	c->fd = -1;
	c->timer = loop_timer_new(loop, on_timer, c);
	switch (s->check) {
	case X_CHECK_HTTP:
		start_http(c, http, s, address);
		return c;
	case X_CHECK_COMMAND:
		c->child = child_shell(loop, s->check_command, s->check_timeout_ms,
				       OUTPUT_MAX_BYTES, on_command, c);
		return c;
	case X_CHECK_TCP:
		rc = start_tcp(c, address, s->port);
		break;
	case X_CHECK_NONE:
		CHECK(false);
	}
	loop_timer_in(c->timer, rc < 0 ? 0 : s->check_timeout_ms);
	return c;
}

void service_check_free(struct service_check *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, CHECK_MAGIC_NUMBER);
	if (c->fd >= 0) {
		loop_io_del(c->loop, c->fd);
		close(c->fd);
	}
	httpm_cancel(c->call);
	child_free(c->child);
	loop_timer_free(c->timer);
	c->magic = 0;
	free(c);
}
