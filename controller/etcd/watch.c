/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "access.h"
#include "answer.h"
#include "call.h"
#include "check.h"
#include "clock.h"
#include "owner.h"
#include "store.h"
#include "watched.h"

#include <string.h>

#define WATCHES_MAX 200000
#define WATCHES_KEPT 1000 /* of them, for the controller */
#define OPENING_PAID 5    /* reads */

/* ---------------------------------------------------------------- reading */

/* What waits to be sent counts for the owner, as other answers do. */
static void count_out(struct kv_watch *w, size_t bytes)
{
	pthread_mutex_lock(&w->kv->books);
	w->owner->answer_bytes += bytes - w->counted;
	pthread_mutex_unlock(&w->kv->books);
	w->counted = bytes;
}

static bool reads_too_slowly(const struct kv_watch *w)
{
	const struct kv_access a = { .owner = w->owner->name, .limits = w->limits };

	return kv_owner_answers(w->kv, &a) != NULL;
}

static void begin_waiting(struct kv_watch *w)
{
	w->waiting = true;
	buf_done(&w->out); /* the memory of a long message */
	buf_init(&w->out, KV_MESSAGE_BYTES);
	w->sent = 0;
	kv_watch_list_waiting(w);
	if (w->reader.waits)
		w->reader.waits(w->reader.arg);
}

/* 0: there is nothing now, or *ret_again: there was nothing in a part of the log. */
static ssize_t read_locked(struct kv_watch *w, char *data, size_t max, size_t *ret_looked,
			   bool *ret_again)
{
	enum kv_watch_step step = KV_MESSAGE;
	size_t n;

	*ret_again = false;
	if (w->kv->watches_ended || w->ended)
		return -1;
	if (w->waiting)
		return 0;
	if (w->sent == w->out.len) {
		count_out(w, 0);
		if (w->over || reads_too_slowly(w))
			return -1;
		step = kv_watch_next(w, ret_looked);
		count_out(w, w->out.len);
	}
	if (step != KV_MESSAGE) {
		*ret_again = step == KV_LOOK_ON;
		if (!*ret_again)
			begin_waiting(w);
		return 0;
	}
	n = MIN(max, w->out.len - w->sent);
	memcpy(data, w->out.data + w->sent, n);
	w->sent += n;
	return (ssize_t)n;
}

/* The past of the log, mostly: a change that wakes it is one to look at. */
static void pay_look(const struct kv_watch *w, size_t n)
{
	const struct kv_access a = { .owner = w->owner->name, .limits = w->limits };

	kv_pay_more(w->kv, &a, KV_READS, (double)n / KV_LOOKED_PAID);
}

ssize_t kv_watch_read(struct kv_watch *w, char *data, size_t max)
{
	bool again = true;
	ssize_t n = 0;

	CHECK_MAGIC(w, KV_WATCH_MAGIC);
	while (again) {
		size_t looked = 0;

		pthread_mutex_lock(&w->kv->lock);
		n = read_locked(w, data, max, &looked, &again);
		pthread_mutex_unlock(&w->kv->lock);
		pay_look(w, looked);
	}
	return n;
}

/* ---------------------------------------------------------------- start and end */

static void watch_free(struct kv_watch *w)
{
	if (!w)
		return;
	buf_done(&w->out);
	w->magic = 0;
	free(w);
}
DEFINE_CLEANUP(struct kv_watch *, watch_free);

static const struct kv_fault *count_in(struct kv *kv, struct kv_watch *w,
				       const struct kv_access *a)
{
	const struct kv_limits *l = a->limits ? a->limits : &kv_host_limits;
	const bool is_limited = *a->owner;
	const struct kv_fault *f = NULL;
	struct kv_owner *o;

	pthread_mutex_lock(&kv->books);
	o = kv_owner_find(kv, a->owner);
	/* Another was shown since this request was let in. */
	if (a->certificate && o->certificate != a->certificate)
		f = &kv_rights_changed;
	else if ((is_limited && o->watches >= l->watches) ||
		 kv->n_watches >= WATCHES_MAX - (is_limited ? WATCHES_KEPT : 0))
		f = kv_owner_refuse(o, &kv_too_many_watches);
	else
		o->watches++;
	w->owner = o;
	pthread_mutex_unlock(&kv->books);
	return f;
}

static const struct kv_fault *enlist(struct kv *kv, struct kv_watch *w,
				     struct kv_watch_request *r,
				     const struct kv_access *a)
{
	const struct kv_fault *f;

	pthread_mutex_lock(&kv->lock);
	f = kv_rights_stand(kv, a) ? count_in(kv, w, a) : &kv_rights_changed;
	if (!f) {
		if (!w->empty_range)
			w->range = kv_watched_get(&kv->watched, &r->key, &r->end);
		if (w->next_rev == 0)
			w->next_rev = kv->space.rev + 1;
		w->sent_ms = clock_mono_ms();
		kv_watch_list(kv, w);
	}
	pthread_mutex_unlock(&kv->lock);
	return f;
}

static unsigned open_watch(struct kv *kv, const json_t *create, const struct kv_access *a,
			   const struct kv_reader *reader, struct kv_watch **ret,
			   struct buf *answer)
{
	CLEANUP(watch_free) struct kv_watch *w = xcalloc(1, sizeof(*w));
	CLEANUP(kv_watch_request_done) struct kv_watch_request r = { 0 };
	const struct kv_fault *f;
	struct err err;

	w->magic = KV_WATCH_MAGIC;
	w->kv = kv;
	w->fd = -1;
	w->reader = *reader;
	w->limits = a->limits;
	w->certificate = a->certificate;
	buf_init(&w->out, KV_MESSAGE_BYTES);
	if (kv_watch_parse(create, w, &r, &err) < 0)
		return kv_answer_fault(answer, 3, err.msg);
	f = kv_may(a, false, &r.key, &r.end) ? enlist(kv, w, &r, a) : kv_denial(a);
	if (f == &kv_denied && *a->owner) {
		const struct kv_op op = { .kind = KV_RANGE, .key = r.key, .end = r.end };
		char words[512];

		kv_denial_words(a, &op, words, sizeof(words));
		return kv_answer_fault(answer, f->code, words);
	}
	if (f)
		return kv_answer_limit(answer, f, a);
	*ret = TAKE(w);
	return MHD_HTTP_OK;
}

unsigned kv_watch_open(struct kv *kv, const char *body, size_t body_len,
		       const struct kv_access *access, const struct kv_reader *reader,
		       struct kv_watch **ret, struct buf *answer)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const struct kv_fault *f;
	const json_t *create;
	struct err err;

	CHECK_MAGIC(kv, KV_MAGIC);
	buf_init(answer, KV_ANSWER_BYTES);
	f = kv_pay(kv, access, KV_READS, OPENING_PAID + (double)body_len / KV_BODY_PAID);
	if (f)
		return kv_answer_limit(answer, f, access);
	if (kv_parse_body(body, body_len, &doc, &err) < 0)
		return kv_answer_fault(answer, 3, err.msg);
	create = ejson_get(doc, "create_request");
	if (!json_is_object(create))
		return kv_answer_fault(answer, 3, "a create_request is required");
	return open_watch(kv, create, access, reader, ret, answer);
}

void kv_watch_close(struct kv_watch *w)
{
	CLEANUP(free) char *owner = NULL;
	struct kv *kv = w->kv;
	bool ended;

	CHECK_MAGIC(w, KV_WATCH_MAGIC);
	pthread_mutex_lock(&kv->lock);
	kv_watch_unlist(kv, w);
	ended = kv->watches_ended;
	pthread_mutex_lock(&kv->books);
	w->owner->watches--;
	w->owner->answer_bytes -= w->counted;
	owner = xstrdup(w->owner->name);
	pthread_mutex_unlock(&kv->books);
	pthread_mutex_unlock(&kv->lock);
	if (!ended && kv_is_host(owner) && kv->opts.hung_up)
		kv->opts.hung_up(kv->opts.arg, owner);
	watch_free(w);
}

bool kv_is_watched(struct kv *kv, const char *owner)
{
	bool is;

	CHECK_MAGIC(kv, KV_MAGIC);
	pthread_mutex_lock(&kv->books);
	is = kv_owner_find(kv, owner)->watches > 0;
	pthread_mutex_unlock(&kv->books);
	return is;
}
