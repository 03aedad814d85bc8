/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tally.h"

#include "check.h"
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

static int place(const struct tally *t, int kind)
{
	return (int)SORTED_PLACE(t->n, i, t->v[i].kind < kind);
}

static void insert(struct tally *t, int at, int kind)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 4;
		t->v = xrealloc(t->v, (size_t)t->cap * sizeof(*t->v));
	}
	memmove(t->v + at + 1, t->v + at, (size_t)(t->n - at) * sizeof(*t->v));
	t->v[at] = (struct tally_row){ kind, 0 };
	t->n++;
}

void tally_add(struct tally *t, int kind, int by)
{
	const int at = place(t, kind);

	if (at == t->n || t->v[at].kind != kind)
		insert(t, at, kind);
	t->v[at].count += by;
	CHECK(t->v[at].count >= 0);
	if (t->v[at].count > 0)
		return;
	t->n--;
	memmove(t->v + at, t->v + at + 1, (size_t)(t->n - at) * sizeof(*t->v));
}

void tally_done(struct tally *t)
{
	free(t->v);
	*t = (struct tally){ 0 };
}
