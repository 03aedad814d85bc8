/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repeats.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <string.h>

#define REPEATS_MAX 1024
#define REPEATS_PER_CALLER 64
#define REPEATS_BYTES ((size_t)16 << 20)
#define REPEATS_BYTES_PER_CALLER ((size_t)2 << 20)
#define REPEATS_MS (24 * 3600 * 1000LL)

struct entry {
	char key[REPEATS_KEY]; /* "" when free */
	char body[REPEATS_KEY];
	int64_t caller;
	int64_t at_mono_ms;
	bool is_running;
	struct repeats_answer answer;
};

struct repeats {
	pthread_mutex_t lock;
	struct entry v[REPEATS_MAX];
};

void repeats_answer_done(struct repeats_answer *a)
{
	free(a->type);
	free(a->data);
}

static void clear(struct entry *e)
{
	repeats_answer_done(&e->answer);
	memset(e, 0, sizeof(*e));
}

struct repeats *repeats_new(void)
{
	struct repeats *k = xcalloc(1, sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void repeats_free(struct repeats *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < REPEATS_MAX; i++)
		clear(&k->v[i]);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static struct entry *find(struct repeats *k, const char *key)
{
	for (size_t i = 0; i < REPEATS_MAX; i++)
		if (strcmp(k->v[i].key, key) == 0)
			return &k->v[i];
	return NULL;
}

/* What there is of a caller, or of all (-1), and the oldest that is not running. */
struct held {
	size_t n, bytes;
	struct entry *oldest;
};

static struct held held_of(struct repeats *k, int64_t caller)
{
	struct held h = { 0 };

	for (size_t i = 0; i < REPEATS_MAX; i++) {
		struct entry *e = &k->v[i];

		if (!*e->key || (caller != -1 && e->caller != caller))
			continue;
		h.n++;
		h.bytes += e->answer.len;
		if (!e->is_running && (!h.oldest || e->at_mono_ms < h.oldest->at_mono_ms))
			h.oldest = e;
	}
	return h;
}

/* Forgets the oldest until there is room. */
static void make_room(struct repeats *k, int64_t caller, size_t n_max, size_t bytes_max)
{
	struct held h = held_of(k, caller);

	while (h.oldest && (h.n > n_max || h.bytes > bytes_max)) {
		clear(h.oldest);
		h = held_of(k, caller);
	}
}

/* A free entry; NULL: all are of requests that run. */
static struct entry *place(struct repeats *k, int64_t caller)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < REPEATS_MAX; i++)
		if (*k->v[i].key && now - k->v[i].at_mono_ms > REPEATS_MS &&
		    !k->v[i].is_running)
			clear(&k->v[i]);
	make_room(k, caller, REPEATS_PER_CALLER - 1, SIZE_MAX);
	make_room(k, -1, REPEATS_MAX - 1, SIZE_MAX);
	return held_of(k, caller).n < REPEATS_PER_CALLER ? find(k, "") : NULL;
}

static void copy(const struct repeats_answer *from, struct repeats_answer *to)
{
	*to = (struct repeats_answer){ .status = from->status,
				       .type = xstrdup(from->type),
				       .data = xcalloc(1, from->len + 1),
				       .len = from->len };
	memcpy(to->data, from->data, from->len);
}

enum repeats_state repeats_begin(struct repeats *k, int64_t caller,
				 const char key[REPEATS_KEY],
				 const char body[REPEATS_KEY], struct repeats_answer *ret)
{
	enum repeats_state state = REPEATS_ANSWERED;
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (!e && !(e = place(k, caller))) {
		state = REPEATS_FULL;
	} else if (!*e->key) {
		state = REPEATS_NEW;
		e->caller = caller;
		snprintf(e->key, sizeof(e->key), "%s", key);
		snprintf(e->body, sizeof(e->body), "%s", body);
		e->at_mono_ms = clock_mono_ms();
		e->is_running = true;
	} else if (strcmp(e->body, body) != 0) {
		state = REPEATS_OTHER_BODY;
	} else if (e->is_running) {
		state = REPEATS_RUNNING;
	} else {
		copy(&e->answer, ret);
	}
	pthread_mutex_unlock(&k->lock);
	return state;
}

void repeats_put(struct repeats *k, const char *key, unsigned status, const char *type,
		 const void *data, size_t len)
{
	/* Not owned, only read. */
	const struct repeats_answer answer = { .status = status,
					       .type = (char *)(uintptr_t)type,
					       .data = (char *)(uintptr_t)data,
					       .len = len };
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (e && e->is_running) {
		e->is_running = false;
		copy(&answer, &e->answer);
		make_room(k, e->caller, REPEATS_PER_CALLER, REPEATS_BYTES_PER_CALLER);
		make_room(k, -1, REPEATS_MAX, REPEATS_BYTES);
	}
	pthread_mutex_unlock(&k->lock);
}

void repeats_forget(struct repeats *k, const char *key)
{
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (e && e->is_running)
		clear(e);
	pthread_mutex_unlock(&k->lock);
}
