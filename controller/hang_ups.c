/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hang_ups.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define AGAIN_MS 30000 /* real; an agent that connects without end costs no more lists \
			*/

struct hang_up {
	char host[64];
	int64_t mono_ms; /* 0: none */
	bool is_new;
};

struct hang_ups {
	pthread_mutex_t lock;
	struct hang_up v[HANG_UPS_MAX];
	size_t next; /* the oldest */
};

struct hang_ups *hang_ups_new(void)
{
	struct hang_ups *h = xcalloc(1, sizeof(*h));

	pthread_mutex_init(&h->lock, NULL);
	return h;
}

void hang_ups_free(struct hang_ups *h)
{
	if (!h)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static bool is_known(const struct hang_ups *h, const char *host, int64_t now)
{
	for (size_t i = 0; i < HANG_UPS_MAX; i++)
		if (h->v[i].mono_ms && now - h->v[i].mono_ms < AGAIN_MS &&
		    strcmp(h->v[i].host, host) == 0)
			return true;
	return false;
}

bool hang_ups_note(struct hang_ups *h, const char *host)
{
	const int64_t now = clock_mono_ms();
	bool is_new;

	pthread_mutex_lock(&h->lock);
	is_new = !is_known(h, host, now);
	if (is_new) {
		struct hang_up *u = &h->v[h->next++ % HANG_UPS_MAX];

		snprintf(u->host, sizeof(u->host), "%s", host);
		u->mono_ms = now;
		u->is_new = true;
	}
	pthread_mutex_unlock(&h->lock);
	return is_new;
}

void hang_ups_take(struct hang_ups *h, void (*fn)(void *arg, const char *host), void *arg)
{
	struct hang_up v[HANG_UPS_MAX];

	pthread_mutex_lock(&h->lock);
	memcpy(v, h->v, sizeof(v));
	for (size_t i = 0; i < HANG_UPS_MAX; i++)
		h->v[i].is_new = false;
	pthread_mutex_unlock(&h->lock);
	for (size_t i = 0; i < HANG_UPS_MAX; i++)
		if (v[i].is_new)
			fn(arg, v[i].host);
}
