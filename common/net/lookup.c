/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup.h"

#include "buf.h"
#include "check.h"
#include "cleanup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT_MAX_BYTES 4096 /* addresses of one name */

struct lookup_box {
	pthread_mutex_t lock;
	int fd;
	size_t users; /* the resolver and each thread */
	struct lookup *over;
};

int lookup_box_new(struct lookup_box **ret, struct err *err)
{
	struct lookup_box *b;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	b = xcalloc(1, sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
	b->fd = fd;
	b->users = 1;
	*ret = b;
	return 0;
}

int lookup_box_fd(const struct lookup_box *b)
{
	return b->fd;
}

void lookup_free(struct lookup *q)
{
	if (!q)
		return;
	free(q->addresses);
	free(q);
}

/* The lock is held; it is freed with the box by the last user. */
static void unuse(struct lookup_box *b)
{
	bool last = --b->users == 0;

	pthread_mutex_unlock(&b->lock);
	if (!last)
		return;
	for (struct lookup *q; (q = b->over);) {
		b->over = q->next;
		lookup_free(q);
	}
	close(b->fd);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

void lookup_box_leave(struct lookup_box *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	unuse(b);
}

struct lookup *lookup_take(struct lookup_box *b)
{
	struct lookup *q;
	uint64_t n;

	pthread_mutex_lock(&b->lock);
	q = b->over;
	if (q)
		b->over = q->next;
	else
		(void)!read(b->fd, &n, sizeof(n));
	pthread_mutex_unlock(&b->lock);
	return q;
}

/* ---------------------------------------------------------------- the thread */

static void add_address(struct buf *b, const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	char text[INET6_ADDRSTRLEN];

	if (sa->sa_family == AF_INET &&
	    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
		buf_printf(b, "%s%s", b->len ? "," : "", text);
	else if (sa->sa_family == AF_INET6 &&
		 inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)))
		buf_printf(b, "%s[%s]", b->len ? "," : "", text);
}

static void look_up(struct lookup *q)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	CLEANUP(buf_done) struct buf b;
	int rc = getaddrinfo(q->name, NULL, &hints, &found);

	buf_init(&b, TEXT_MAX_BYTES);
	for (const struct addrinfo *a = rc == 0 ? found : NULL; a; a = a->ai_next)
		add_address(&b, a->ai_addr);
	if (rc == 0)
		freeaddrinfo(found);
	if (b.len && !buf_is_full(&b)) {
		q->addresses = buf_take(&b);
		return;
	}
	q->no_such_name = rc == EAI_NONAME || rc == EAI_NODATA;
	err_set(&q->err, ERR_UNAVAIL, "Could not resolve host: %s: %s", q->name,
		rc ? gai_strerror(rc) : "no usable address");
}

static void *run(void *arg)
{
	struct lookup *q = arg;
	struct lookup_box *b = q->box;
	const uint64_t one = 1;

	look_up(q);
	pthread_mutex_lock(&b->lock);
	q->next = b->over;
	b->over = q;
	(void)!write(b->fd, &one, sizeof(one));
	unuse(b);
	return NULL;
}

bool lookup_start(struct lookup_box *b, const char *name, void *arg)
{
	size_t n = strlen(name) + 1;
	struct lookup *q = xcalloc(1, sizeof(*q) + n);
	sigset_t all, old;
	pthread_t thread;
	bool started;

	memcpy(q->name, name, n);
	q->box = b;
	q->arg = arg;
	pthread_mutex_lock(&b->lock);
	b->users++;
	pthread_mutex_unlock(&b->lock);
	/* Signals are for the loop's thread. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	started = pthread_create(&thread, NULL, run, q) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (started) {
		pthread_detach(thread);
		return true;
	}
	lookup_free(q);
	pthread_mutex_lock(&b->lock);
	unuse(b);
	return false;
}
