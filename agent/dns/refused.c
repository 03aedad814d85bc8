/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "refused.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

void dns_refused_done(struct dns_refused *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].key);
	free(r->v);
}

/* The first one that is not before a key. */
static size_t place(const struct dns_refused *r, const char *key)
{
	return SORTED_PLACE(r->n, i, strcmp(r->v[i].key, key) < 0);
}

static bool is_at(const struct dns_refused *r, size_t at, const char *key)
{
	return at < r->n && strcmp(r->v[at].key, key) == 0;
}

void dns_refused_add(struct dns_refused *r, const char *key, bool for_room)
{
	const size_t at = place(r, key);

	if (is_at(r, at, key)) {
		r->v[at].for_room = for_room;
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap * 2 + 16;
		r->v = xrealloc(r->v, r->cap * sizeof(*r->v));
	}
	memmove(r->v + at + 1, r->v + at, (r->n - at) * sizeof(*r->v));
	r->v[at] = (struct dns_refused_key){ xstrdup(key), for_room };
	r->n++;
}

void dns_refused_remove(struct dns_refused *r, const char *key)
{
	const size_t at = place(r, key);

	if (!is_at(r, at, key))
		return;
	free(r->v[at].key);
	memmove(r->v + at, r->v + at + 1, (r->n - at - 1) * sizeof(*r->v));
	r->n--;
}

size_t dns_refused_after(const struct dns_refused *r, const char *key)
{
	const size_t at = place(r, key);

	return at + is_at(r, at, key);
}
