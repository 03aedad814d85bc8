/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "accept.h"

#include "check.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ACCEPTOR_MAGIC 0x61636370u
#define AT_ONCE 64

struct acceptor {
	uint32_t magic;
	struct loop *loop;
	int fd;
	struct loop_timer *again;
	bool failing; /* told */
	accept_fn *fn;
	void *arg;
};

/* Not the fault of one connection, which would be gone with it. */
static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void rest(struct acceptor *a)
{
	bool told = a->failing;
	struct err err;

	a->failing = true;
	err_errno(&err, ERR_LIMIT, "no connection can be accepted");
	loop_io_mod(a->loop, a->fd, 0);
	loop_timer_in(a->again, ACCEPT_AGAIN_MS);
	if (!told)
		a->fn(a->arg, -1, &err);
}

static void on_again(void *arg)
{
	struct acceptor *a = arg;

	CHECK_MAGIC(a, ACCEPTOR_MAGIC);
	loop_io_mod(a->loop, a->fd, EPOLLIN);
}

static void on_ready(void *arg, int fd, uint32_t events)
{
	struct acceptor *a = arg;

	(void)events;
	CHECK_MAGIC(a, ACCEPTOR_MAGIC);
	/* The kernel's queue is short: who comes among many is not reached otherwise. */
	for (int i = 0; i < AT_ONCE; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client < 0) {
			if (is_shortage(errno))
				rest(a);
			return;
		}
		a->failing = false;
		a->fn(a->arg, client, NULL);
	}
}

int acceptor_new(struct loop *l, int listen_fd, accept_fn *fn, void *arg,
		 struct acceptor **ret, struct err *err)
{
	CLEANUP(acceptor_free) struct acceptor *a = xcalloc(1, sizeof(*a));
	int rc;

	a->magic = ACCEPTOR_MAGIC;
	a->loop = l;
	a->fd = listen_fd;
	a->fn = fn;
	a->arg = arg;
	a->again = loop_timer_new(l, on_again, a);
	rc = loop_io_add(l, listen_fd, EPOLLIN, on_ready, a, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(a);
	return 0;
}

void acceptor_free(struct acceptor *a)
{
	if (!a)
		return;
	CHECK_MAGIC(a, ACCEPTOR_MAGIC);
	loop_timer_free(a->again);
	loop_io_del(a->loop, a->fd);
	close(a->fd);
	a->magic = 0;
	free(a);
}
