/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connect.h"

#include "check.h"
#include "choose.h"
#include "end.h"
#include "name.h"
#include "tls.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#define SHAKE_MS 5000

static const struct refusal no_member = { 502, "no member of the store is reachable" };

static void on_member(void *arg, int fd, uint32_t events);

/* No member accepts it: an HTTP/1 client gets an error, then the connection ends. */
static void give_up(struct proxy_conn *c)
{
	struct err err;

	c->proxy->stats.failed++;
	err_set(&err, ERR_UNAVAIL, "none of %zu members accepts a connection",
		c->proxy->n_members);
	log_streak(&c->proxy->no_member, "etcd-proxy-no-member", &err);
	proxy_conn_refuse(c, &no_member);
}

void proxy_member_next(struct proxy_conn *c, const char *why)
{
	proxy_member_out(c, why);
	proxy_member_close(c);
	c->member++;
	proxy_member_try(c);
}

/* ---------------------------------------------------------------- connecting */

static void start_open(struct proxy_conn *c)
{
	loop_timer_unset(c->timer);
	c->state = PROXY_OPEN;
	log_streak(&c->proxy->no_member, "etcd-proxy-no-member", NULL);
	proxy_member_of(c)->out_until_ms = 0;
	c->proxy->current = c->member % c->proxy->n_members;
	proxy_conn_pump(c);
}

static void handshake(struct proxy_conn *c)
{
	int rc = gnutls_handshake(c->session);

	if (rc == GNUTLS_E_SUCCESS) {
		if (c->grpc && !proxy_tls_is_h2(c))
			proxy_conn_free(c); /* it has no gRPC */
		else
			start_open(c);
		return;
	}
	if (gnutls_error_is_fatal(rc)) {
		proxy_member_next(c, gnutls_strerror(rc));
		return;
	}
	loop_io_mod(c->proxy->loop, c->member_fd,
		    gnutls_record_get_direction(c->session) ? EPOLLOUT : EPOLLIN);
}

/* Members refuse a certificate once a newer one was used: clients that rest connect
 * again. */
static void end_old(struct etcd_proxy *p)
{
	struct proxy_conn *next;

	for (struct proxy_conn *c = p->conns; c; c = next) {
		next = c->next;
		if (c->creds && c->creds != p->tls.creds && c->idle_since_ms)
			proxy_conn_free(c);
	}
}

static void connected(struct proxy_conn *c)
{
	int error = 0;
	socklen_t len = sizeof(error);
	struct err err;

	(void)getsockopt(c->member_fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		proxy_member_next(c, strerror(error));
		return;
	}
	if (!proxy_member_of(c)->tls) {
		start_open(c);
		return;
	}
	if (proxy_tls_start(c, proxy_member_of(c), c->grpc != NULL, &err) < 0) {
		proxy_member_next(c, err.msg);
		return;
	}
	end_old(c->proxy);
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
		proxy_member_next(c, strerror(errno));
		return;
	}
	if (loop_io_add(c->proxy->loop, c->member_fd, EPOLLOUT, on_member, c, &err) < 0) {
		proxy_member_next(c, err.msg);
		return;
	}
	loop_timer_in(c->timer, c->proxy->connect_ms);
}

/* ---------------------------------------------------------------- names */

static void on_resolved(void *arg, uint8_t *answer, size_t len)
{
	struct proxy_conn *c = arg;
	struct proxy_member *m = proxy_member_of(c);

	CHECK_MAGIC(c, PROXY_CONN_MAGIC);
	c->resolving = false;
	if (c->dead) {
		proxy_conn_free(c);
		return;
	}
	if (c->generation != c->proxy->generation) {
		proxy_member_try(c);
		return;
	}
	/* Kept for later connections until the member fails. */
	m->known = answer && proxy_name_address(answer, len, m->port, &m->address);
	if (m->known)
		start_connect(c);
	else
		proxy_member_next(c, "its name cannot be resolved");
}

static void start_resolve(struct proxy_conn *c)
{
	struct err err;

	c->state = PROXY_RESOLVE;
	loop_timer_unset(c->timer);
	if (proxy_name_ask(c->proxy->resolver, proxy_member_of(c)->host, on_resolved, c,
			   &err) < 0)
		proxy_member_next(c, err.msg);
	else
		c->resolving = true;
}

/* ---------------------------------------------------------------- choosing */

void proxy_member_try(struct proxy_conn *c)
{
	const struct proxy_member *m = proxy_choose(c);

	if (!m)
		give_up(c);
	else if (m->known)
		start_connect(c);
	else
		start_resolve(c);
}

static void on_member(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	(void)events;
	CHECK_MAGIC(c, PROXY_CONN_MAGIC);
	if (c->state == PROXY_CONNECT)
		connected(c);
	else if (c->state == PROXY_SHAKE)
		handshake(c);
	else
		proxy_conn_pump(c);
}
