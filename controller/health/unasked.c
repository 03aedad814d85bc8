/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unasked.h"

#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 64 /* addresses; the one that was silent for longest gives way */
#define ADDRESS_TEXT 48
#define ENOUGH 3
#define SPAN_MS 5000 /* a burst is of one cause, and soon over */
#define WINDOW_MS 120000
#define TOLD_AGAIN_MS 600000

struct peer {
	char address[ADDRESS_TEXT];
	unsigned n;
	int64_t first_mono_ms, last_mono_ms, told_mono_ms;
};

struct unasked {
	pthread_mutex_t lock;
	struct peer v[SLOTS];
};

struct unasked *unasked_new(void)
{
	struct unasked *u = xcalloc(1, sizeof(*u));

	CHECK(pthread_mutex_init(&u->lock, NULL) == 0);
	return u;
}

void unasked_free(struct unasked *u)
{
	if (!u)
		return;
	pthread_mutex_destroy(&u->lock);
	free(u);
}

static struct peer *find(struct unasked *u, const char *address)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (strcmp(u->v[i].address, address) == 0)
			return &u->v[i];
	return NULL;
}

static struct peer *take(struct unasked *u, const char *address)
{
	struct peer *oldest = &u->v[0];

	for (size_t i = 1; i < SLOTS; i++)
		if (u->v[i].last_mono_ms < oldest->last_mono_ms)
			oldest = &u->v[i];
	*oldest = (struct peer){ .n = 0 };
	snprintf(oldest->address, sizeof(oldest->address), "%s", address);
	return oldest;
}

static bool is_current(const struct peer *p, int64_t now_mono_ms)
{
	return p->n > 0 && now_mono_ms - p->last_mono_ms < WINDOW_MS;
}

static bool is_many(const struct peer *p)
{
	return p->n >= ENOUGH && p->last_mono_ms - p->first_mono_ms >= SPAN_MS;
}

bool unasked_note(struct unasked *u, const char *address, int64_t now_mono_ms)
{
	struct peer *p;
	bool is_told;

	pthread_mutex_lock(&u->lock);
	p = find(u, address);
	if (!p)
		p = take(u, address);
	if (!is_current(p, now_mono_ms)) {
		p->n = 0;
		p->first_mono_ms = now_mono_ms;
	}
	p->n++;
	p->last_mono_ms = now_mono_ms;
	is_told = is_many(p) &&
		  (!p->told_mono_ms || now_mono_ms - p->told_mono_ms >= TOLD_AGAIN_MS);
	if (is_told)
		p->told_mono_ms = now_mono_ms;
	pthread_mutex_unlock(&u->lock);
	return is_told;
}

void unasked_clear(struct unasked *u, const char *address)
{
	struct peer *p;

	pthread_mutex_lock(&u->lock);
	p = find(u, address);
	if (p)
		p->n = 0; /* when it was told is kept */
	pthread_mutex_unlock(&u->lock);
}

bool unasked_problem(struct unasked *u, int64_t now_mono_ms, char *ret, size_t size)
{
	const struct peer *most = NULL;

	pthread_mutex_lock(&u->lock);
	for (size_t i = 0; i < SLOTS; i++) {
		const struct peer *p = &u->v[i];

		if (is_current(p, now_mono_ms) && is_many(p) && (!most || p->n > most->n))
			most = p;
	}
	if (most)
		snprintf(
			ret, size,
			"%s connects over TLS and breaks off before it asks for anything "
			"(%u times in %lld s): if it is a host, it does not accept the "
			"controller's certificate; look at its clock (more than a day "
			"behind?) and at the name or address in controller.advertise",
			most->address, most->n,
			(long long)((most->last_mono_ms - most->first_mono_ms) / 1000));
	pthread_mutex_unlock(&u->lock);
	return most != NULL;
}
