/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exchange.h"

#include "check.h"
#include "direct.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EXCHANGE_MAGIC 0x73657863u
#define PIECE_BYTES 65536

/*
 * Over HTTP only http is set. A direct exchange runs from the loop, since callbacks must
 * not come from inside store_exchange_start().
 */
struct store_exchange {
	uint32_t magic;
	struct store *s;
	struct httpm_call *http;
	httpm_data_fn *data;
	httpm_done_fn *done;
	void *arg;

	struct store_exchange *next, **link;
	const char *path;
	struct buf body;
	void *watch; /* the open stream */
	atomic_bool due;
	bool in_turn; /* was due when the turn began */
};

static void unlink_direct(struct store_exchange *e)
{
	if (!e->link)
		return;
	*e->link = e->next;
	if (e->next)
		e->next->link = e->link;
	if (e->watch)
		e->s->direct->close(e->watch);
}

static void exchange_free(struct store_exchange *e)
{
	unlink_direct(e);
	buf_done(&e->body);
	e->magic = 0;
	free(e);
}

/* The exchange is gone before its user hears of it. */
static void finish(struct store_exchange *e, const struct http_res *res, bool sent,
		   const struct err *err)
{
	httpm_done_fn *done = e->done;
	void *arg = e->arg;

	exchange_free(e);
	done(arg, res, sent, err);
}

/* ---------------------------------------------------------------- over HTTP */

static void on_data(void *arg, const char *data, size_t n)
{
	struct store_exchange *e = arg;

	CHECK_MAGIC(e, EXCHANGE_MAGIC);
	e->data(e->arg, data, n);
}

static void on_done(void *arg, const struct http_res *res, bool sent,
		    const struct err *err)
{
	CHECK_MAGIC((struct store_exchange *)arg, EXCHANGE_MAGIC);
	finish(arg, res, sent, err);
}

static void start_http(struct store_exchange *e, size_t endpoint, const char *path,
		       struct http_req *req)
{
	CLEANUP(free) char *url = xasprintf("%s%s", e->s->endpoints[endpoint].url, path);

	req->url = url;
	e->http = httpm_start(e->s->m, req, e->data ? on_data : NULL, on_done, e);
}

/* ---------------------------------------------------------------- direct */

static void wake(void *arg)
{
	struct store_exchange *e = arg;

	atomic_store(&e->due, true);
	/* It fails only when the loop has so many wakes before it that it comes anyway.
	 */
	(void)eventfd_write(e->s->direct_fd, 1);
}

static void start_direct(struct store_exchange *e, const char *path,
			 const struct http_req *req)
{
	struct store *s = e->s;

	e->path = path;
	buf_init(&e->body, SIZE_MAX);
	buf_add(&e->body, req->body, req->body_len);
	e->next = s->exchanges;
	if (e->next)
		e->next->link = &e->next;
	e->link = &s->exchanges;
	s->exchanges = e;
	wake(e);
}

static void answer(struct store_exchange *e, unsigned status, struct buf *body)
{
	CLEANUP(http_res_done) struct http_res res = { .status = status };

	buf_init(&res.headers, 0);
	res.body = *body;
	buf_init(body, 0);
	finish(e, &res, true, NULL);
}

/* What there is to read; the callback may end any exchange, this one too. */
static void read_stream(struct store_exchange *e)
{
	char data[PIECE_BYTES];
	ssize_t n = e->s->direct->read(e->watch, data, sizeof(data));
	struct buf none;

	if (n > 0) {
		wake(e); /* there may be more, in the next turn */
		e->data(e->arg, data, (size_t)n);
	} else if (n < 0) {
		buf_init(&none, 0);
		answer(e, 200, &none);
	}
}

static void open_stream(struct store_exchange *e)
{
	CLEANUP(buf_done) struct buf body;
	unsigned status;

	buf_init(&body, 0);
	status = e->s->direct->watch(e->s->direct->arg, buf_str(&e->body), e->body.len,
				     wake, e, &e->watch, &body);
	if (status == 200)
		read_stream(e);
	else
		answer(e, status, &body);
}

static void run(struct store_exchange *e)
{
	CLEANUP(buf_done) struct buf body;
	const struct store_direct *d = e->s->direct;
	unsigned status;

	buf_init(&body, 0);
	if (e->watch) {
		read_stream(e);
	} else if (e->data) {
		open_stream(e);
	} else {
		status = d->call(d->arg, e->path, buf_str(&e->body), e->body.len, &body);
		answer(e, status, &body);
	}
}

static struct store_exchange *next_in_turn(struct store *s)
{
	for (struct store_exchange *e = s->exchanges; e; e = e->next)
		if (e->in_turn)
			return e;
	return NULL;
}

static void on_wake(void *arg, int fd, uint32_t events)
{
	struct store *s = arg;
	struct store_exchange *e;
	eventfd_t n;

	(void)events;
	CHECK_MAGIC(s, STORE_MAGIC);
	(void)eventfd_read(fd, &n);
	/* What becomes due meanwhile wakes the loop again: others have their turn first.
	 */
	for (e = s->exchanges; e; e = e->next)
		e->in_turn = atomic_exchange(&e->due, false);
	while ((e = next_in_turn(s))) {
		e->in_turn = false;
		run(e);
	}
}

int store_exchange_open(struct store *s, struct err *err)
{
	s->direct_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->direct_fd < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	return loop_io_add(s->loop, s->direct_fd, EPOLLIN, on_wake, s, err);
}

void store_exchange_close(struct store *s)
{
	if (!s->direct || s->direct_fd < 0)
		return;
	loop_io_del(s->loop, s->direct_fd);
	close(s->direct_fd);
}

/* ---------------------------------------------------------------- both */

struct store_exchange *store_exchange_start(struct store *s, size_t endpoint,
					    const char *path, struct http_req *req,
					    httpm_data_fn *data, httpm_done_fn *done,
					    void *arg)
{
	struct store_exchange *e = xcalloc(1, sizeof(*e));

	e->magic = EXCHANGE_MAGIC;
	e->s = s;
	e->data = data;
	e->done = done;
	e->arg = arg;
	if (s->direct)
		start_direct(e, path, req);
	else
		start_http(e, endpoint, path, req);
	return e;
}

void store_exchange_cancel(struct store_exchange *e)
{
	if (!e)
		return;
	CHECK_MAGIC(e, EXCHANGE_MAGIC);
	httpm_cancel(e->http);
	exchange_free(e);
}
