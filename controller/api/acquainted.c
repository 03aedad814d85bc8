/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "acquainted.h"

#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* For 65,536 networks, so that ten thousand hosts fit whatever their hashes are. */
#define SETS 8192u
#define WAYS 8u

struct acquainted {
	pthread_mutex_t lock;
	uint64_t v[SETS][WAYS]; /* of each the latest comes first; 0: none */
};

struct acquainted *acquainted_new(void)
{
	struct acquainted *a = xcalloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	return a;
}

void acquainted_free(struct acquainted *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static uint64_t *set_of(struct acquainted *a, uint64_t network)
{
	return a->v[(network ^ network >> 32) % SETS];
}

/* Where it is; WAYS: nowhere. */
static size_t find(const uint64_t *set, uint64_t network)
{
	size_t i = 0;

	while (i < WAYS && set[i] != network)
		i++;
	return i;
}

void acquainted_note(struct acquainted *a, uint64_t network)
{
	uint64_t *set = set_of(a, network);

	pthread_mutex_lock(&a->lock);
	memmove(set + 1, set, MIN(find(set, network), WAYS - 1) * sizeof(*set));
	set[0] = network;
	pthread_mutex_unlock(&a->lock);
}

bool acquainted_has(struct acquainted *a, uint64_t network)
{
	bool ret;

	pthread_mutex_lock(&a->lock);
	ret = find(set_of(a, network), network) < WAYS;
	pthread_mutex_unlock(&a->lock);
	return ret;
}
