/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "networks.h"

#include "check.h"
#include "fnv.h"

#include <string.h>

uint64_t networks_id(const char *network)
{
	return fnv(FNV_START, network, strlen(network));
}

size_t networks_count(const struct networks *n, uint64_t id)
{
	for (size_t i = 0; i < NETWORKS_MAX; i++)
		if (n->v[i].n && n->v[i].id == id)
			return n->v[i].n;
	return 0;
}

void networks_add(struct networks *n, uint64_t id)
{
	size_t at = NETWORKS_MAX;

	for (size_t i = 0; i < NETWORKS_MAX; i++) {
		if (n->v[i].n && n->v[i].id == id) {
			at = i;
			break;
		}
		if (!n->v[i].n && at == NETWORKS_MAX)
			at = i;
	}
	/* More than expected came, after some were forgotten: these are not counted. */
	if (at == NETWORKS_MAX)
		return;
	n->v[at].id = id;
	n->v[at].n++;
}

void networks_drop(struct networks *n, uint64_t id)
{
	for (size_t i = 0; i < NETWORKS_MAX; i++)
		if (n->v[i].n && n->v[i].id == id) {
			n->v[i].n--;
			return;
		}
}

void networks_expect(struct networks *n, uint64_t id, int64_t now_ms)
{
	CHECK(n->n_coming < NETWORKS_MAX);
	networks_add(n, id);
	n->coming[n->n_coming].id = id;
	n->coming[n->n_coming++].since_ms = now_ms;
}

static void take(struct networks *n, size_t i)
{
	networks_drop(n, n->coming[i].id);
	memmove(&n->coming[i], &n->coming[i + 1],
		(n->n_coming - i - 1) * sizeof(n->coming[0]));
	n->n_coming--;
}

bool networks_arrived(struct networks *n, uint64_t id)
{
	for (size_t i = 0; i < n->n_coming; i++)
		if (n->coming[i].id == id) {
			take(n, i);
			return true;
		}
	return false;
}

void networks_forget(struct networks *n, int64_t before_ms)
{
	while (n->n_coming && n->coming[0].since_ms < before_ms)
		take(n, 0);
}
