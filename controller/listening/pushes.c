/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pushes.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

#define FORGET_MS (24 * INT64_C(3600000))

static size_t place_of(const struct pushes *p, const char *host)
{
	return SORTED_PLACE(p->n, i, strcmp(p->v[i].host, host) < 0);
}

static struct push *find(const struct pushes *p, const char *host)
{
	const size_t at = place_of(p, host);

	return at < p->n && strcmp(p->v[at].host, host) == 0 ? &p->v[at] : NULL;
}

static void forget_old(struct pushes *p, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (now_ms - p->v[i].at_ms < FORGET_MS)
			p->v[kept++] = p->v[i];
		else
			free(p->v[i].host);
	p->n = kept;
}

static void add(struct pushes *p, const char *host, int64_t now_ms)
{
	size_t at;

	if (p->n == p->cap)
		forget_old(p, now_ms);
	if (p->n == p->cap) {
		p->cap = p->cap * 2 + 16;
		p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
	}
	at = place_of(p, host);
	memmove(p->v + at + 1, p->v + at, (p->n++ - at) * sizeof(*p->v));
	p->v[at] = (struct push){ .host = xstrdup(host), .at_ms = now_ms };
}

void pushes_note(struct pushes *p, const char *host, int64_t now_ms)
{
	struct push *is = find(p, host);

	if (is)
		is->at_ms = now_ms;
	else
		add(p, host, now_ms);
}

int64_t pushes_last(const struct pushes *p, const char *host)
{
	const struct push *is = find(p, host);

	return is ? is->at_ms : 0;
}

void pushes_done(struct pushes *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].host);
	free(p->v);
}
