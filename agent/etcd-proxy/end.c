/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "end.h"

#include "check.h"
#include "pass.h"
#include "tls.h"

#include <errno.h>
#include <sys/epoll.h>

#define LINGER_MS 1000

void proxy_member_close(struct proxy_conn *c)
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
	CHECK_MAGIC(c, PROXY_CONN_MAGIC);
	proxy_member_close(c);
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
	buf_done(&c->in);
	buf_done(&c->up);
	buf_done(&c->down);
	grpc_free(c->grpc);
	answers_done(&c->answers);
	c->magic = 0;
	free(c);
}

/* What it still sends is thrown away, so that it reads why instead of a reset. */
static void linger(struct proxy_conn *c)
{
	proxy_member_close(c);
	c->state = PROXY_LINGER;
	if (shutdown(c->client_fd, SHUT_WR) < 0) {
		proxy_conn_free(c);
		return;
	}
	loop_io_mod(c->proxy->loop, c->client_fd, EPOLLIN);
	loop_timer_in(c->timer, LINGER_MS);
}

void proxy_conn_lingers(struct proxy_conn *c)
{
	char part[4096];
	ssize_t n = recv(c->client_fd, part, sizeof(part), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		proxy_conn_free(c);
}

void proxy_conn_pump(struct proxy_conn *c)
{
	if (proxy_pass(c))
		return;
	if (c->said_no && !c->down.len)
		linger(c);
	else
		proxy_conn_free(c);
}

/* A few bytes into an empty socket fit, or the client is gone. */
void proxy_conn_refuse(struct proxy_conn *c, const struct refusal *why)
{
	if (c->grpc) {
		proxy_conn_free(c);
		return;
	}
	refusal_write(why, &c->down);
	(void)send(c->client_fd, c->down.data, c->down.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	linger(c);
}
