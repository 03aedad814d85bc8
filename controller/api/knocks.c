/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "knocks.h"

#include "check.h"
#include "clock.h"
#include "slots.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS 8192

struct knocks {
	pthread_mutex_t lock;
	struct slot v[SLOTS]; /* monotonic times */
};

struct knocks *knocks_new(void)
{
	struct knocks *k = xcalloc(1, sizeof(*k));

	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void knocks_free(struct knocks *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	free(k);
}

void knocks_note(struct knocks *k, const char *host)
{
	const uint64_t who = slot_digest(host);

	pthread_mutex_lock(&k->lock);
	*slot_of(k->v, SLOTS, who) = (struct slot){ who, clock_mono_ms() };
	pthread_mutex_unlock(&k->lock);
}

bool knocks_has(struct knocks *k, const char *host, int64_t within_ms)
{
	const uint64_t who = slot_digest(host);
	const struct slot *s;
	bool has;

	pthread_mutex_lock(&k->lock);
	s = slot_of(k->v, SLOTS, who);
	has = s->who == who && clock_mono_ms() - s->ms <= within_ms;
	pthread_mutex_unlock(&k->lock);
	return has;
}
