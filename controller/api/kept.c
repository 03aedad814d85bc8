/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kept.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <string.h>

#define KEPT_MAX 1024
#define KEPT_MS (24 * 3600 * 1000LL)

struct entry {
	char key[KEPT_KEY]; /* "" when free */
	char body[KEPT_KEY];
	int64_t at_mono_ms;
	bool is_running;
	struct kept_answer answer;
};

struct kept {
	pthread_mutex_t lock;
	struct entry v[KEPT_MAX];
};

void kept_answer_done(struct kept_answer *a)
{
	free(a->type);
	free(a->data);
}

static void clear(struct entry *e)
{
	kept_answer_done(&e->answer);
	memset(e, 0, sizeof(*e));
}

struct kept *kept_new(void)
{
	struct kept *k = xcalloc(1, sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void kept_free(struct kept *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		clear(&k->v[i]);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static struct entry *find(struct kept *k, const char *key)
{
	for (size_t i = 0; i < KEPT_MAX; i++)
		if (strcmp(k->v[i].key, key) == 0)
			return &k->v[i];
	return NULL;
}

/* A free entry, else the oldest. */
static struct entry *place(struct kept *k)
{
	int64_t now = clock_mono_ms();
	struct entry *oldest = &k->v[0];

	for (size_t i = 0; i < KEPT_MAX; i++) {
		struct entry *e = &k->v[i];

		if (*e->key && now - e->at_mono_ms > KEPT_MS && !e->is_running)
			clear(e);
		if (!*e->key)
			return e;
		if (e->at_mono_ms < oldest->at_mono_ms)
			oldest = e;
	}
	clear(oldest);
	return oldest;
}

static void copy(const struct kept_answer *from, struct kept_answer *to)
{
	*to = (struct kept_answer){ .status = from->status,
				    .type = xstrdup(from->type),
				    .data = xcalloc(1, from->len + 1),
				    .len = from->len };
	memcpy(to->data, from->data, from->len);
}

enum kept_state kept_begin(struct kept *k, const char key[KEPT_KEY],
			   const char body[KEPT_KEY], struct kept_answer *ret)
{
	enum kept_state state = KEPT_ANSWERED;
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (!e) {
		state = KEPT_NEW;
		e = place(k);
		snprintf(e->key, sizeof(e->key), "%s", key);
		snprintf(e->body, sizeof(e->body), "%s", body);
		e->at_mono_ms = clock_mono_ms();
		e->is_running = true;
	} else if (strcmp(e->body, body) != 0) {
		state = KEPT_OTHER_BODY;
	} else if (e->is_running) {
		state = KEPT_RUNNING;
	} else {
		copy(&e->answer, ret);
	}
	pthread_mutex_unlock(&k->lock);
	return state;
}

void kept_put(struct kept *k, const char *key, unsigned status, const char *type,
	      const void *data, size_t len)
{
	/* Not owned, only read. */
	const struct kept_answer answer = { .status = status,
					    .type = (char *)(uintptr_t)type,
					    .data = (char *)(uintptr_t)data,
					    .len = len };
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (e && e->is_running) {
		e->is_running = false;
		copy(&answer, &e->answer);
	}
	pthread_mutex_unlock(&k->lock);
}

void kept_forget(struct kept *k, const char *key)
{
	struct entry *e;

	pthread_mutex_lock(&k->lock);
	e = find(k, key);
	if (e && e->is_running)
		clear(e);
	pthread_mutex_unlock(&k->lock);
}
