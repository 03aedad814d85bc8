/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "access.h"
#include "answer.h"
#include "call.h"
#include "check.h"
#include "clock.h"
#include "store.h"

#include <poll.h>
#include <string.h>

#define WATCH_MAGIC 0x6b767774u
#define WATCHES_MAX 2000
#define MESSAGE_BYTES (64u << 20)
#define TEND_MS 250
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
	free(w->owner);
	w->magic = 0;
	free(w);
}
DEFINE_CLEANUP(struct kv_watch *, watch_free);

static void wake(struct kv_watch *w)
{
	if (!w->waiting)
		return;
	w->waiting = false;
	w->reader.wake(w->reader.arg);
}

/* ---------------------------------------------------------------- reading */

static ssize_t read_locked(struct kv_watch *w, char *data, size_t max)
{
	size_t n;

	if (w->kv->watches_ended)
		return -1;
	if (w->sent == w->out.len && (w->over || !kv_watch_next(w))) {
		if (w->over)
			return -1;
		w->waiting = true;
		if (w->reader.waits)
			w->reader.waits(w->reader.arg);
		return 0;
	}
	if (buf_is_full(&w->out))
		return -1;
	n = MIN(max, w->out.len - w->sent);
	memcpy(data, w->out.data + w->sent, n);
	w->sent += n;
	return (ssize_t)n;
}

ssize_t kv_watch_read(struct kv_watch *w, char *data, size_t max)
{
	ssize_t n;

	CHECK_MAGIC(w, WATCH_MAGIC);
	pthread_mutex_lock(&w->kv->lock);
	n = read_locked(w, data, max);
	pthread_mutex_unlock(&w->kv->lock);
	return n;
}

/* ---------------------------------------------------------------- start and end */

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

static unsigned open_watch(struct kv *kv, const json_t *create, const struct kv_access *a,
			   const struct kv_reader *reader, struct kv_watch **ret,
			   struct buf *answer)
{
	CLEANUP(watch_free) struct kv_watch *w = xcalloc(1, sizeof(*w));
	const struct kv_fault *f;
	struct err err;

	w->magic = WATCH_MAGIC;
	w->kv = kv;
	w->fd = -1;
	w->reader = *reader;
	w->owner = xstrdup(a->owner);
	buf_init(&w->out, MESSAGE_BYTES);
	if (kv_watch_parse(create, w, &err) < 0)
		return kv_answer_fault(answer, 3, err.msg);
	f = kv_may(a, false, &w->key, &w->end) ? enlist(kv, w) : &kv_denied;
	if (f)
		return kv_answer_fault(answer, f->code, f->words);
	*ret = TAKE(w);
	return MHD_HTTP_OK;
}

unsigned kv_watch_open(struct kv *kv, const char *body, size_t body_len,
		       const struct kv_access *access, const struct kv_reader *reader,
		       struct kv_watch **ret, struct buf *answer)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *create;
	struct err err;

	CHECK_MAGIC(kv, KV_MAGIC);
	buf_init(answer, KV_ANSWER_BYTES);
	if (kv_parse_body(body, body_len, &doc, &err) < 0)
		return kv_answer_fault(answer, 3, err.msg);
	create = ejson_get(doc, "create_request");
	if (!json_is_object(create))
		return kv_answer_fault(answer, 3, "a create_request is required");
	return open_watch(kv, create, access, reader, ret, answer);
}

void kv_watch_close(struct kv_watch *w)
{
	struct kv *kv = w->kv;
	bool ended;

	CHECK_MAGIC(w, WATCH_MAGIC);
	pthread_mutex_lock(&kv->lock);
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	kv->n_watches--;
	ended = kv->watches_ended;
	pthread_mutex_unlock(&kv->lock);
	if (!ended && *w->owner && kv->opts.hung_up)
		kv->opts.hung_up(kv->opts.arg, w->owner);
	watch_free(w);
}

bool kv_is_watched(struct kv *kv, const char *owner)
{
	bool is = false;

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->lock);
	for (const struct kv_watch *w = kv->watches; w && !is; w = w->next)
		is = strcmp(w->owner, owner) == 0;
	pthread_mutex_unlock(&kv->lock);
	return is;
}

/* ---------------------------------------------------------------- from outside */

void kv_watch_notify(struct kv *kv, size_t n)
{
	for (struct kv_watch *w = kv->watches; w; w = w->next) {
		bool any = false;

		if (!w->waiting)
			continue; /* it reads the log anyway */
		for (size_t i = kv->space.n_log - n; !any && i < kv->space.n_log; i++)
			any = kv->space.log[i]->rev >= w->next_rev &&
			      kv_watch_wants(w, kv->space.log[i]);
		if (any)
			wake(w);
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
		if (!w->waiting)
			continue;
		if (peer_is_gone(w)) {
			w->over = true;
			wake(w);
		} else if (w->progress && now_ms - w->sent_ms >= PROGRESS_MS) {
			w->report_progress = true;
			wake(w);
		}
	}
	return now_ms + TEND_MS;
}

void kv_watch_end_all(struct kv *kv)
{
	kv->watches_ended = true;
	for (struct kv_watch *w = kv->watches; w; w = w->next)
		wake(w);
}
