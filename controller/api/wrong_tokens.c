/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wrong_tokens.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <stdlib.h>

#define WRONG_MAX 20
#define WRONG_WINDOW_MS 60000
#define WRONG_SLOTS 256

struct wrong_tokens {
	pthread_mutex_t lock;
	struct {
		uint64_t who;
		int64_t since_mono_ms;
		int wrong;
	} v[WRONG_SLOTS];
};

struct wrong_tokens *wrong_tokens_new(void)
{
	struct wrong_tokens *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void wrong_tokens_free(struct wrong_tokens *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

unsigned wrong_tokens_note(struct wrong_tokens *l, uint64_t who)
{
	size_t i = (who * 0x9e3779b97f4a7c15u) >> 56;
	int64_t now = clock_mono_ms();
	unsigned wait = 0;

	pthread_mutex_lock(&l->lock);
	if (l->v[i].who == who && now - l->v[i].since_mono_ms < WRONG_WINDOW_MS) {
		l->v[i].wrong++;
		if (l->v[i].wrong > WRONG_MAX)
			wait = 1 + (unsigned)((l->v[i].since_mono_ms + WRONG_WINDOW_MS -
					       now) /
					      1000);
	} else {
		l->v[i].who = who;
		l->v[i].since_mono_ms = now;
		l->v[i].wrong = 1;
	}
	pthread_mutex_unlock(&l->lock);
	return wait;
}
