/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "knocks.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8192
#define PROBES 8

struct knock {
	uint64_t who; /* digest of its name */
	int64_t mono_ms;
};

struct knocks {
	pthread_mutex_t lock;
	struct knock v[SLOTS];
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

/* Its slot, or else the oldest of those that it could have. */
static struct knock *slot_of(struct knocks *k, uint64_t who)
{
	struct knock *oldest = &k->v[who % SLOTS];

	for (size_t i = 0; i < PROBES; i++) {
		struct knock *s = &k->v[(who + i) % SLOTS];

		if (s->who == who)
			return s;
		if (s->mono_ms < oldest->mono_ms)
			oldest = s;
	}
	return oldest;
}

void knocks_note(struct knocks *k, const char *host)
{
	const uint64_t who = fnv(FNV_START, host, strlen(host));

	pthread_mutex_lock(&k->lock);
	*slot_of(k, who) = (struct knock){ .who = who, .mono_ms = clock_mono_ms() };
	pthread_mutex_unlock(&k->lock);
}

bool knocks_has(struct knocks *k, const char *host, int64_t within_ms)
{
	const uint64_t who = fnv(FNV_START, host, strlen(host));
	const struct knock *s;
	bool has;

	pthread_mutex_lock(&k->lock);
	s = slot_of(k, who);
	has = s->who == who && clock_mono_ms() - s->mono_ms <= within_ms;
	pthread_mutex_unlock(&k->lock);
	return has;
}
