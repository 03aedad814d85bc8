/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "issuing.h"

#include "check.h"
#include "slots.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS 16384
#define EACH_MS (ISSUING_EACH_S * INT64_C(1000))

struct issuing {
	pthread_mutex_t lock;
	struct slot v[SLOTS]; /* monotonic: when all that a host got is paid */
};

struct issuing *issuing_new(void)
{
	struct issuing *x = xcalloc(1, sizeof(*x));

	pthread_mutex_init(&x->lock, NULL);
	return x;
}

void issuing_free(struct issuing *x)
{
	if (!x)
		return;
	pthread_mutex_destroy(&x->lock);
	free(x);
}

unsigned issuing_ask(struct issuing *x, const char *host, int64_t now_ms)
{
	const uint64_t who = slot_digest(host);
	struct slot *s;
	int64_t over_ms;

	pthread_mutex_lock(&x->lock);
	s = slot_of(x->v, SLOTS, who);
	if (s->who != who)
		*s = (struct slot){ .who = who };
	s->ms = MAX(s->ms, now_ms);
	over_ms = s->ms + EACH_MS - now_ms - ISSUING_BURST * EACH_MS;
	if (over_ms <= 0)
		s->ms += EACH_MS;
	pthread_mutex_unlock(&x->lock);
	return over_ms <= 0 ? 0 : (unsigned)((over_ms + 999) / 1000);
}
