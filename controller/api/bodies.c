/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bodies.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256

struct owner {
	char *name;
	size_t held;
	double left;     /* that it may have read; negative: a debt */
	int64_t left_ms; /* monotonic: at that time */
	struct owner *next;
};

struct bodies {
	pthread_mutex_t lock;
	size_t held[BODIES_N];
	struct owner *owners[BUCKETS];
};

static const struct {
	size_t all, each;
} maxima[BODIES_N] = {
	[BODIES_OF_PEOPLE] = { BODIES_PEOPLE_MAX, BODIES_PER_TOKEN },
	[BODIES_OF_PROGRAMS] = { BODIES_PROGRAMS_MAX, BODIES_PER_PROGRAMS },
	[BODIES_OF_HOSTS] = { BODIES_HOSTS_MAX, BODIES_PER_HOST },
};

struct bodies *bodies_new(void)
{
	struct bodies *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	return b;
}

static void drop(struct owner **at)
{
	struct owner *o = *at;

	*at = o->next;
	free(o->name);
	free(o);
}

void bodies_free(struct bodies *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (b->owners[i])
			drop(&b->owners[i]);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static void fill(struct owner *o, int64_t now)
{
	const double s = (double)(now - o->left_ms) / 1000;

	o->left = fmin(BODIES_BURST, o->left + s * BODIES_BYTES_S);
	o->left_ms = now;
}

/* The lock is held. Those of its bucket of whom nothing is to be known are forgotten. */
static struct owner *owner_of(struct bodies *b, const char *name)
{
	struct owner **at = &b->owners[fnv(FNV_START, name, strlen(name)) % BUCKETS];
	const int64_t now = clock_mono_ms();
	struct owner *o;

	while ((o = *at) && strcmp(o->name, name) != 0) {
		fill(o, now);
		if (!o->held && o->left >= BODIES_BURST)
			drop(at);
		else
			at = &o->next;
	}
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->name = xstrdup(name);
		o->left = BODIES_BURST;
		*at = o;
	}
	fill(o, now);
	return o;
}

bool bodies_take(struct bodies *b, enum bodies_share share, const char *owner,
		 size_t before, size_t n)
{
	size_t others, all;
	struct owner *o;
	bool ok;

	if (n <= BODIES_SMALL)
		return true;
	pthread_mutex_lock(&b->lock);
	o = owner_of(b, owner);
	others = o->held - before;
	all = b->held[share] - before;
	ok = all + n <= maxima[share].all &&
	     (others == 0 || others + n <= maxima[share].each);
	if (ok) {
		o->held = others + n;
		b->held[share] = all + n;
	}
	pthread_mutex_unlock(&b->lock);
	return ok;
}

void bodies_give(struct bodies *b, enum bodies_share share, const char *owner, size_t n)
{
	if (!n)
		return;
	pthread_mutex_lock(&b->lock);
	owner_of(b, owner)->held -= n;
	b->held[share] -= n;
	pthread_mutex_unlock(&b->lock);
}

unsigned bodies_pay(struct bodies *b, const char *owner, size_t n)
{
	unsigned wait_s = 0;
	struct owner *o;

	pthread_mutex_lock(&b->lock);
	o = owner_of(b, owner);
	if (o->left < 0)
		wait_s = (unsigned)(-o->left / BODIES_BYTES_S) + 1;
	else
		o->left -= BODIES_PRICE + (double)n;
	pthread_mutex_unlock(&b->lock);
	return wait_s;
}
