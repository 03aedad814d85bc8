/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch_stream.h"

#include "access.h"
#include "answer.h"
#include "check.h"
#include "clock.h"
#include "watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define WATCH_MAGIC 0x6b767774u
#define WATCHES_MAX 2000
#define MESSAGE_BYTES (64u << 20)
#define TEND_MS 5000
#define PROGRESS_MS 60000

static void bytes_done(struct kv_bytes *b)
{
	free(b->data);
	b->data = NULL;
}

static void watch_free(struct kv_watch *w)
{
	if (!w)
		return;
	bytes_done(&w->key);
	bytes_done(&w->end);
	buf_done(&w->out);
	w->magic = 0;
	free(w);
}
DEFINE_CLEANUP(struct kv_watch *, watch_free);

static void resume(struct kv_watch *w)
{
	if (!w->suspended)
		return;
	w->suspended = false;
	MHD_resume_connection(w->conn);
}

/* ---------------------------------------------------------------- the stream */

static ssize_t read_locked(struct kv_watch *w, char *data, size_t max)
{
	size_t n;

	if (w->kv->watches_ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (w->sent == w->out.len && (w->over || !kv_watch_next(w))) {
		if (w->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		w->suspended = true;
		MHD_suspend_connection(w->conn);
		return 0;
	}
	if (buf_is_full(&w->out))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = MIN(max, w->out.len - w->sent);
	memcpy(data, w->out.data + w->sent, n);
	w->sent += n;
	return (ssize_t)n;
}

static ssize_t on_read(void *arg, uint64_t pos, char *data, size_t max)
{
	struct kv_watch *w = arg;
	ssize_t n;

	(void)pos;
	CHECK_MAGIC(w, WATCH_MAGIC);
	pthread_mutex_lock(&w->kv->lock);
	n = read_locked(w, data, max);
	pthread_mutex_unlock(&w->kv->lock);
	return n;
}

static void on_gone(void *arg)
{
	struct kv_watch *w = arg;
	struct kv *kv = w->kv;

	CHECK_MAGIC(w, WATCH_MAGIC);
	pthread_mutex_lock(&kv->lock);
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	kv->n_watches--;
	pthread_mutex_unlock(&kv->lock);
	watch_free(w);
}

/* ---------------------------------------------------------------- starting */

/* To detect hosts that vanished without closing the connection. */
static void watch_peer(struct kv_watch *w)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(w->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int on = 1, idle_s = 15, every_s = 5, tries = 3;

	w->fd = info ? info->connect_fd : -1;
	if (w->fd < 0)
		return;
	/* Fails on other than TCP sockets, which do not need it. */
	(void)setsockopt(w->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
}

static const struct kv_fault *enlist(struct kv *kv, struct kv_watch *w)
{
	const struct kv_fault *f = NULL;

	pthread_mutex_lock(&kv->lock);
	if (kv->n_watches >= WATCHES_MAX) {
		f = &kv_too_many_watches;
	} else {
		if (w->next_rev == 0)
			w->next_rev = kv->space.rev + 1;
		w->sent_ms = clock_mono_ms();
		w->next = kv->watches;
		if (w->next)
			w->next->link = &w->next;
		w->link = &kv->watches;
		kv->watches = w;
		kv->n_watches++;
	}
	pthread_mutex_unlock(&kv->lock);
	return f;
}

static enum MHD_Result start_stream(struct kv_watch *w)
{
	struct MHD_Connection *conn = w->conn;
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 32768, on_read, w, on_gone);
	enum MHD_Result ok;

	if (!r) {
		on_gone(w);
		return MHD_NO;
	}
	ok = MHD_add_response_header(r, "Content-Type", "application/json");
	if (ok == MHD_YES)
		ok = MHD_queue_response(conn, MHD_HTTP_OK, r);
	MHD_destroy_response(r); /* calls on_gone(), now or at the stream's end */
	return ok;
}

enum MHD_Result kv_watch_serve(struct kv *kv, struct MHD_Connection *conn,
			       const json_t *create, const struct kv_access *a)
{
	CLEANUP(watch_free) struct kv_watch *w = xcalloc(1, sizeof(*w));
	const struct kv_fault *f;
	struct err err;

	w->magic = WATCH_MAGIC;
	w->kv = kv;
	w->conn = conn;
	buf_init(&w->out, MESSAGE_BYTES);
	if (kv_watch_parse(create, w, &err) < 0)
		return kv_queue_fault(conn, 3, err.msg);
	if (!kv_may(a, false, &w->key, &w->end))
		return kv_queue_fault(conn, kv_denied.code, kv_denied.words);
	watch_peer(w);
	f = enlist(kv, w);
	if (f)
		return kv_queue_fault(conn, f->code, f->words);
	return start_stream(TAKE(w));
}

/* ---------------------------------------------------------------- from outside */

void kv_watch_notify(struct kv *kv, size_t n)
{
	for (struct kv_watch *w = kv->watches; w; w = w->next) {
		bool any = false;

		if (!w->suspended)
			continue; /* it reads the log anyway */
		for (size_t i = kv->space.n_log - n; !any && i < kv->space.n_log; i++)
			any = kv->space.log[i]->rev >= w->next_rev &&
			      kv_watch_wants(w, kv->space.log[i]);
		if (any)
			resume(w);
		else if (w->next_rev <= kv->space.rev)
			w->next_rev = kv->space.rev + 1;
	}
}

static bool peer_is_gone(const struct kv_watch *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };

	return w->fd >= 0 && poll(&p, 1, 0) > 0 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/*
 * libmicrohttpd does not poll suspended connections, so it does not notice that a peer
 * has disconnected.
 */
int64_t kv_watch_tend(struct kv *kv, int64_t now_ms)
{
	for (struct kv_watch *w = kv->watches; w; w = w->next) {
		if (!w->suspended)
			continue;
		if (peer_is_gone(w)) {
			w->over = true;
			resume(w);
		} else if (w->progress && now_ms - w->sent_ms >= PROGRESS_MS) {
			w->report_progress = true;
			resume(w);
		}
	}
	return now_ms + TEND_MS;
}

void kv_watch_end_all(struct kv *kv)
{
	kv->watches_ended = true;
	for (struct kv_watch *w = kv->watches; w; w = w->next)
		resume(w);
}
