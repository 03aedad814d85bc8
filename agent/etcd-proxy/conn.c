/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conn.h"

#include "check.h"
#include "clock.h"
#include "connect.h"
#include "end.h"
#include "pass.h"

#include <string.h>
#include <sys/epoll.h>

#define FIRST_MS 10000

static const char http2_start[] = "PRI";

static void on_timer(void *arg)
{
	struct proxy_conn *c = arg;

	CHECK_MAGIC(c, PROXY_CONN_MAGIC);
	if (c->state == PROXY_OPEN)
		proxy_conn_pump(c);
	else if (c->state == PROXY_FIRST || c->state == PROXY_LINGER)
		proxy_conn_free(c);
	else
		proxy_member_next(c, "it does not answer in time");
}

/* The client's first bytes show which protocol it speaks. */
static bool knows_protocol(struct proxy_conn *c)
{
	size_t n = MIN(c->in.len, sizeof(http2_start) - 1);

	if (c->grpc || c->up.len)
		return true;
	if (n == 0 || memcmp(c->in.data, http2_start, n) != 0)
		return true;
	if (n == sizeof(http2_start) - 1)
		c->grpc = grpc_new();
	return c->grpc || c->client_end;
}

/* ---------------------------------------------------------------- events */

static void on_early(struct proxy_conn *c)
{
	if (!proxy_keep_early(c)) {
		proxy_conn_free(c);
		return;
	}
	if (c->state != PROXY_FIRST || !knows_protocol(c))
		return;
	if (!proxy_judge_early(c)) {
		proxy_conn_free(c);
		return;
	}
	if (c->refusal.status && !c->asked) {
		proxy_conn_refuse(c, &c->refusal);
		return;
	}
	if (!c->up.len)
		return; /* its head comes yet */
	c->idle_since_ms = 0;
	c->member = c->proxy->current;
	c->generation = c->proxy->generation;
	proxy_member_try(c);
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct proxy_conn *c = arg;

	(void)fd;
	CHECK_MAGIC(c, PROXY_CONN_MAGIC);
	if (c->state == PROXY_LINGER) {
		proxy_conn_lingers(c);
		return;
	}
	/* One that sends no more is looked at for this only. */
	if (c->client_end && (events & (EPOLLERR | EPOLLHUP)))
		proxy_conn_free(c);
	else if (c->state == PROXY_OPEN)
		proxy_conn_pump(c);
	else if (events & EPOLLIN)
		on_early(c);
	else
		proxy_conn_free(c);
}

void proxy_conn_new(struct etcd_proxy *p, int client_fd, uid_t uid)
{
	struct proxy_conn *c = xcalloc(1, sizeof(*c));
	struct err err;

	c->magic = PROXY_CONN_MAGIC;
	c->proxy = p;
	c->client_fd = client_fd;
	c->uid = uid;
	c->member_fd = -1;
	c->idle_since_ms = clock_mono_ms();
	buf_init(&c->in, PROXY_BUFFER);
	buf_init(&c->up, 2 * PROXY_BUFFER); /* a head may grow */
	buf_init(&c->down, 2 * PROXY_BUFFER);
	answers_init(&c->answers);
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
