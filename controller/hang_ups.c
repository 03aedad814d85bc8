/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hang_ups.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Real; an agent that connects without end costs no more lists. */
#define AGAIN_MS 30000

struct hang_up {
	char host[64];
	int64_t mono_ms; /* the first; 0: none */
	int64_t last_mono_ms;
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

static struct hang_up *find(struct hang_ups *h, const char *host, int64_t now)
{
	for (size_t i = 0; i < HANG_UPS_MAX; i++)
		if (h->v[i].mono_ms && now - h->v[i].mono_ms < AGAIN_MS &&
		    strcmp(h->v[i].host, host) == 0)
			return &h->v[i];
	return NULL;
}

bool hang_ups_note(struct hang_ups *h, const char *host)
{
	const int64_t now = clock_mono_ms();
	struct hang_up *u;
	bool is_new;

	pthread_mutex_lock(&h->lock);
	u = find(h, host, now);
	is_new = !u;
	if (is_new) {
		u = &h->v[h->next++ % HANG_UPS_MAX];
		snprintf(u->host, sizeof(u->host), "%s", host);
		u->mono_ms = now;
		u->is_new = true;
	}
	u->last_mono_ms = now;
	pthread_mutex_unlock(&h->lock);
	return is_new;
}

int64_t hang_ups_last(struct hang_ups *h, const char *host)
{
	const struct hang_up *u;
	int64_t last;

	pthread_mutex_lock(&h->lock);
	u = find(h, host, clock_mono_ms());
	last = u ? u->last_mono_ms : 0;
	pthread_mutex_unlock(&h->lock);
	return last;
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
