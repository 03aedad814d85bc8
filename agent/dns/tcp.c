/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tcp.h"

#include "buf.h"
#include "check.h"
#include "log.h"
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#define CONNS_MAX 64
#define IDLE_MS 10000
#define BACKLOG 64
#define WAITING_MAX 16 /* answers that a connection may wait for */
#define OUT_MAX (4 * (DNS_PACKET_MAX + 2))

struct dns_conn {
	struct dns_conn *next;
	struct dns_tcp *tcp;
	struct loop_timer *idle;
	int fd; /* -1: gone, only held */
	size_t waiting;
	bool busy; /* its input is being handled further up the stack */
	struct buf in, out;
};

struct dns_tcp {
	struct loop *loop;
	dns_tcp_fn *fn;
	void *arg;
	struct acceptor *acceptor;
	struct dns_conn *conns;
	size_t n_conns;
};

static void drain(struct dns_conn *c);

static void free_conn(struct dns_conn *c)
{
	struct dns_conn **at = &c->tcp->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->tcp->n_conns--;
	loop_timer_free(c->idle);
	buf_done(&c->in);
	buf_done(&c->out);
	free(c);
}

/* Closed at once; freed when nothing holds it any more. */
static void end_conn(struct dns_conn *c)
{
	if (c->fd >= 0) {
		loop_io_del(c->tcp->loop, c->fd);
		close(c->fd);
		c->fd = -1;
		loop_timer_unset(c->idle);
	}
	if (c->waiting == 0 && !c->busy)
		free_conn(c);
}

static void on_idle(void *arg)
{
	end_conn(arg);
}

/* false: the connection failed. */
static bool flush(struct dns_conn *c)
{
	while (c->out.len > 0) {
		ssize_t n =
			send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		buf_drop(&c->out, (size_t)n);
	}
	return true;
}

/* Reads more only while there is room for the answers. */
static void set_events(struct dns_conn *c)
{
	uint32_t events = c->out.len ? EPOLLOUT : 0;

	if (c->waiting < WAITING_MAX && c->out.len < OUT_MAX / 2)
		events |= EPOLLIN;
	loop_io_mod(c->tcp->loop, c->fd, events);
}

static size_t message_length(const struct dns_conn *c)
{
	return (size_t)(uint8_t)c->in.data[0] << 8 | (uint8_t)c->in.data[1];
}

/* Handles the complete messages that are in. */
static void take_messages(struct dns_conn *c)
{
	while (c->fd >= 0 && c->in.len >= 2 && c->waiting < WAITING_MAX &&
	       c->out.len < OUT_MAX / 2) {
		size_t n = message_length(c);

		if (c->in.len < n + 2)
			return;
		loop_timer_in(c->idle, IDLE_MS);
		c->tcp->fn(c->tcp->arg, c, (const uint8_t *)c->in.data + 2, n);
		buf_drop(&c->in, n + 2);
	}
}

static void drain(struct dns_conn *c)
{
	if (c->busy || c->fd < 0)
		return;
	c->busy = true;
	take_messages(c);
	c->busy = false;
	if (c->fd < 0 || !flush(c))
		end_conn(c);
	else
		set_events(c);
}

static void on_conn(void *arg, int fd, uint32_t events)
{
	struct dns_conn *c = arg;
	char part[4096];
	ssize_t n = -1;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			end_conn(c);
			return;
		}
	}
	if (n > 0)
		buf_add(&c->in, part, (size_t)n);
	drain(c);
}

static void on_accept(void *arg, int conn_fd, const struct err *wait)
{
	struct dns_tcp *t = arg;
	struct dns_conn *c;
	struct err err;

	if (wait) {
		log_warn("dns-clients-wait", ERR(wait));
		return;
	}
	if (t->n_conns == CONNS_MAX) {
		close(conn_fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->tcp = t;
	c->fd = conn_fd;
	buf_init(&c->in, DNS_PACKET_MAX + 2 + 4096);
	buf_init(&c->out, OUT_MAX);
	c->idle = loop_timer_new(t->loop, on_idle, c);
	loop_timer_in(c->idle, IDLE_MS);
	c->next = t->conns;
	t->conns = c;
	t->n_conns++;
	if (loop_io_add(t->loop, conn_fd, EPOLLIN, on_conn, c, &err) < 0)
		end_conn(c);
}

void dns_conn_hold(struct dns_conn *c)
{
	c->waiting++;
}

void dns_conn_reply(struct dns_conn *c, const uint8_t *answer, size_t len, bool held)
{
	c->waiting -= held;
	if (c->fd < 0) {
		end_conn(c);
		return;
	}
	if (answer) {
		buf_putc(&c->out, (char)(len >> 8));
		buf_putc(&c->out, (char)len);
		buf_add(&c->out, answer, len);
	}
	if (buf_is_full(&c->out))
		end_conn(c);
	else
		drain(c);
}

int dns_tcp_open(struct loop *l, const struct dns_address *own, dns_tcp_fn *fn, void *arg,
		 struct dns_tcp **ret, struct err *err)
{
	CLEANUP(close_fd)
	int fd = socket(own->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct dns_tcp *t;
	int yes = 1, own_fd, rc;

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&own->ss, own->len) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return err_errno(err, ERR_UNAVAIL,
				 "the DNS address cannot be used (TCP)");
	t = xcalloc(1, sizeof(*t));
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	own_fd = fd;
	fd = -1;
	rc = acceptor_new(l, own_fd, on_accept, t, &t->acceptor, err);
	if (rc < 0)
		free(t);
	else
		*ret = t;
	return rc;
}

void dns_tcp_close(struct dns_tcp *t)
{
	if (!t)
		return;
	acceptor_free(t->acceptor);
	while (t->conns) {
		t->conns->waiting = 0;
		end_conn(t->conns);
	}
	free(t);
}
