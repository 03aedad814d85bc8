/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conn.h"

#include "check.h"
#include "choose.h"
#include "log.h"
#include "name.h"
#include "pass.h"
#include "tls.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#define CONN_MAGIC 0x45505843u
#define FIRST_MS 60000
#define SHAKE_MS 5000

static const char http2_start[] = "PRI * HTTP/2.0";
static const char no_member[] =
	"HTTP/1.1 502 Bad Gateway\r\n"
	"Content-Type: application/json\r\n"
	"Connection: close\r\n"
	"Content-Length: 57\r\n\r\n"
	"{\"error\":\"no member of the store is reachable\",\"code\":14}";

static void try_member(struct proxy_conn *c);
static void on_member(void *arg, int fd, uint32_t events);

/* ---------------------------------------------------------------- end */

static void close_member(struct proxy_conn *c)
{
	c->half_until_ms = 0;
	proxy_tls_end(c);
	if (c->member_fd >= 0) {
		loop_io_del(c->proxy->loop, c->member_fd);
		close(c->member_fd);
		c->member_fd = -1;
	}
	c->half_sent = false;
}

void proxy_conn_free(struct proxy_conn *c)
{
	CHECK_MAGIC(c, CONN_MAGIC);
	close_member(c);
	if (c->client_fd >= 0) {
		loop_io_del(c->proxy->loop, c->client_fd);
		close(c->client_fd);
		c->client_fd = -1;
		c->proxy->stats.connections--;
	}
	loop_timer_unset(c->timer);
	if (c->resolving) {
		c->dead = true;
		return;
	}
	if (c->next)
		c->next->prev = c->prev;
	*c->prev = c->next;
	loop_timer_free(c->timer);
	buf_done(&c->up);
	buf_done(&c->down);
	c->magic = 0;
	free(c);
}

static void pump(struct proxy_conn *c)
{
	if (!proxy_pass(c))
		proxy_conn_free(c);
}

/* ---------------------------------------------------------------- members */

/* No member accepts it: an HTTP/1 client gets an error, then the connection ends. */
static void give_up(struct proxy_conn *c)
{
	c->proxy->stats.failed++;
	log_warn("etcd-proxy-no-member", INT("members", c->proxy->n_members));
	if (c->up.len < 3 || memcmp(c->up.data, http2_start, 3) != 0)
		/* A few bytes into an empty socket: they fit, or the client is gone. */
		(void)send(c->client_fd, no_member, sizeof(no_member) - 1,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	proxy_conn_free(c);
}

static void next_member(struct proxy_conn *c, const char *why)
{
	proxy_member_out(c, why);
	close_member(c);
	c->member++;
	try_member(c);
}

static void on_timer(void *arg)
{
	struct proxy_conn *c = arg;

	CHECK_MAGIC(c, CONN_MAGIC);
	if (c->state == PROXY_OPEN)
		pump(c);
	else if (c->state == PROXY_FIRST)
		proxy_conn_free(c);
	else
		next_member(c, "it does not answer in time");
}

/* ---------------------------------------------------------------- connecting */

static void start_open(struct proxy_conn *c)
{
	loop_timer_unset(c->timer);
	c->state = PROXY_OPEN;
	proxy_member_of(c)->out_until_ms = 0;
	c->proxy->current = c->member % c->proxy->n_members;
	pump(c);
}

static void handshake(struct proxy_conn *c)
{
	int rc = gnutls_handshake(c->session);

	if (rc == GNUTLS_E_SUCCESS) {
		start_open(c);
		return;
	}
	if (gnutls_error_is_fatal(rc)) {
		next_member(c, gnutls_strerror(rc));
		return;
	}
	loop_io_mod(c->proxy->loop, c->member_fd,
		    gnutls_record_get_direction(c->session) ? EPOLLOUT : EPOLLIN);
}

static void connected(struct proxy_conn *c)
{
	int error = 0;
	socklen_t len = sizeof(error);
	bool h2 = c->up.len >= 3 && memcmp(c->up.data, http2_start, 3) == 0;
	struct err err;

	(void)getsockopt(c->member_fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		next_member(c, strerror(error));
		return;
	}
	if (!proxy_member_of(c)->tls) {
		start_open(c);
		return;
	}
	if (proxy_tls_start(c, proxy_member_of(c), h2, &err) < 0) {
		next_member(c, err.msg);
		return;
	}
	c->state = PROXY_SHAKE;
	loop_timer_in(c->timer, SHAKE_MS);
	handshake(c);
}

static void start_connect(struct proxy_conn *c)
{
	const struct proxy_member *m = proxy_member_of(c);
	struct err err;

	c->state = PROXY_CONNECT;
	c->member_fd = socket(m->address.ss.ss_family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->member_fd < 0 ||
	    (connect(c->member_fd, (const struct sockaddr *)&m->address.ss,
		     m->address.len) < 0 &&
	     errno != EINPROGRESS)) {
		next_member(c, strerror(errno));
		return;
	}
	if (loop_io_add(c->proxy->loop, c->member_fd, EPOLLOUT, on_member, c, &err) < 0) {
		next_member(c, err.msg);
		return;
	}
	loop_timer_in(c->timer, c->proxy->connect_ms);
}

/* ---------------------------------------------------------------- names */

static void on_resolved(void *arg, uint8_t *answer, size_t len)
{
	struct proxy_conn *c = arg;
	struct proxy_member *m = proxy_member_of(c);

	CHECK_MAGIC(c, CONN_MAGIC);
	c->resolving = false;
	if (c->dead) {
		proxy_conn_free(c);
		return;
	}
	if (c->generation != c->proxy->generation) {
		try_member(c);
		return;
	}
	/* Kept for later connections until the member fails. */
	m->known = answer && proxy_name_address(answer, len, m->port, &m->address);
	if (m->known)
		start_connect(c);
	else
		next_member(c, "its name cannot be resolved");
}

static void start_resolve(struct proxy_conn *c)
{
	struct err err;

	c->state = PROXY_RESOLVE;
	loop_timer_unset(c->timer);
	if (proxy_name_ask(c->proxy->resolver, proxy_member_of(c)->host, on_resolved, c,
			   &err) < 0)
		next_member(c, err.msg);
	else
		c->resolving = true;
}

/* ---------------------------------------------------------------- choosing */

static void try_member(struct proxy_conn *c)
{
	const struct proxy_member *m = proxy_choose(c);

	if (!m)
		give_up(c);
	else if (m->known)
		start_connect(c);
	else
		start_resolve(c);
}

/* The client's first bytes show which protocol it speaks. */
static bool knows_protocol(const struct proxy_conn *c)
{
	size_t n = MIN(c->up.len, (size_t)3);

	return n == 3 || c->client_end ||
	       (n > 0 && memcmp(c->up.data, http2_start, n) != 0);
}

/* ---------------------------------------------------------------- events */

static void on_member(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	(void)events;
	CHECK_MAGIC(c, CONN_MAGIC);
	if (c->state == PROXY_CONNECT)
		connected(c);
	else if (c->state == PROXY_SHAKE)
		handshake(c);
	else
		pump(c);
}

static void on_early(struct proxy_conn *c)
{
	if (!proxy_keep_early(c)) {
		proxy_conn_free(c);
		return;
	}
	if (c->state != PROXY_FIRST || !knows_protocol(c))
		return;
	c->member = c->proxy->current;
	c->generation = c->proxy->generation;
	try_member(c);
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	CHECK_MAGIC(c, CONN_MAGIC);
	/* One that sends no more is looked at for this only. */
	if (c->client_end && (events & (EPOLLERR | EPOLLHUP)))
		proxy_conn_free(c);
	else if (c->state == PROXY_OPEN)
		pump(c);
	else if (events & EPOLLIN)
		on_early(c);
	else
		proxy_conn_free(c);
}

void proxy_conn_new(struct etcd_proxy *p, int client_fd)
{
	struct proxy_conn *c = xcalloc(1, sizeof(*c));
	struct err err;

	c->magic = CONN_MAGIC;
	c->proxy = p;
	c->client_fd = client_fd;
	c->member_fd = -1;
	buf_init(&c->up, PROXY_BUFFER);
	buf_init(&c->down, PROXY_BUFFER);
	c->timer = loop_timer_new(p->loop, on_timer, c);
	loop_timer_in(c->timer, FIRST_MS);
	c->next = p->conns;
	c->prev = &p->conns;
	if (c->next)
		c->next->prev = &c->next;
	p->conns = c;
	p->stats.connections++;
	p->stats.accepted++;
	if (loop_io_add(p->loop, client_fd, EPOLLIN, on_client, c, &err) < 0)
		proxy_conn_free(c);
}
