/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handshakes.h"

#include "check.h"
#include "cleanup.h"
#include "net.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDSHAKES_MAGIC 0x68736b73u
#define AT_ONCE 64

struct handshakes {
	uint32_t magic;
	struct loop *loop;
	int epoll; /* sockets of those that wait; any thread may add one */
	pthread_mutex_t lock;
	struct handshake *first; /* that wait: each is suspended, and in epoll */
	bool is_over;
};

/* The lock is held, here and in resume(). */
static void suspend(struct handshake *h)
{
	struct handshakes *all = h->all;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = h };

	/* Without it the handshake goes on, at libmicrohttpd's price. */
	if (all->is_over || epoll_ctl(all->epoll, EPOLL_CTL_ADD, h->fd, &event) != 0)
		return;
	h->prev = NULL;
	h->next = all->first;
	if (h->next)
		h->next->prev = h;
	all->first = h;
	MHD_suspend_connection(h->conn);
}

/* Its connection may end at once, and it with that. */
static void resume(struct handshake *h)
{
	*(h->prev ? &h->prev->next : &h->all->first) = h->next;
	if (h->next)
		h->next->prev = h->prev;
	(void)epoll_ctl(h->all->epoll, EPOLL_CTL_DEL, h->fd, NULL);
	MHD_resume_connection(h->conn);
}

/* GnuTLS reads by this. */
static ssize_t pull(gnutls_transport_ptr_t arg, void *ret, size_t size)
{
	struct handshake *h = arg;
	const ssize_t n = recv(h->fd, ret, size, 0);
	const int why = errno;

	if (n < 0 && why == EAGAIN && !*h->has_asked) {
		pthread_mutex_lock(&h->all->lock);
		suspend(h);
		pthread_mutex_unlock(&h->all->lock);
	}
	errno = why;
	return n;
}

static void on_ready(void *arg, int fd, uint32_t events)
{
	struct handshakes *all = arg;
	struct epoll_event ready[AT_ONCE];
	int n;

	(void)events;
	CHECK_MAGIC(all, HANDSHAKES_MAGIC);
	n = epoll_wait(fd, ready, ARRAY_SIZE(ready), 0);
	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < n; i++)
		resume(ready[i].data.ptr);
	pthread_mutex_unlock(&all->lock);
}

int handshakes_new(struct loop *loop, struct handshakes **ret, struct err *err)
{
	struct handshakes *all = xcalloc(1, sizeof(*all));
	int rc;

	all->magic = HANDSHAKES_MAGIC;
	all->loop = loop;
	pthread_mutex_init(&all->lock, NULL);
	all->epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = all->epoll < 0 ? err_errno(err, ERR_INTERNAL, "epoll_create1")
			    : loop_io_add(loop, all->epoll, EPOLLIN, on_ready, all, err);
	if (rc < 0) {
		if (all->epoll >= 0)
			close(all->epoll);
		free(all);
		return rc;
	}
	*ret = all;
	return 0;
}

void handshakes_add(struct handshakes *all, struct handshake *h,
		    struct MHD_Connection *conn, gnutls_session_t session,
		    const bool *has_asked)
{
	const int fd = gnutls_transport_get_int(session);

	CHECK_MAGIC(all, HANDSHAKES_MAGIC);
	*h = (struct handshake){
		.all = all, .conn = conn, .fd = fd, .has_asked = has_asked
	};
	gnutls_transport_set_ptr2(session, h, (gnutls_transport_ptr_t)(intptr_t)fd);
	gnutls_transport_set_pull_function(session, pull);
}

void handshakes_end(struct handshakes *all)
{
	CHECK_MAGIC(all, HANDSHAKES_MAGIC);
	pthread_mutex_lock(&all->lock);
	all->is_over = true;
	while (all->first)
		resume(all->first);
	pthread_mutex_unlock(&all->lock);
}

void handshakes_free(struct handshakes *all)
{
	if (!all)
		return;
	CHECK_MAGIC(all, HANDSHAKES_MAGIC);
	CHECK(!all->first);
	loop_io_del(all->loop, all->epoll);
	close(all->epoll);
	pthread_mutex_destroy(&all->lock);
	all->magic = 0;
	free(all);
}
