/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "missing.h"

#include "check.h"
#include "clock.h"
#include "sorted.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void missing_done(struct missing_list *l)
{
	free(l->v);
	*l = (struct missing_list){ 0 };
}

void missing_next_list(struct missing_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].list == l->lists)
			l->v[kept++] = l->v[i];
	l->n = kept;
	l->lists++;
}

/* Where it is or belongs: a cloud may lack thousands. */
static size_t place(const struct missing_list *l, const char *what)
{
	return SORTED_PLACE(l->n, i, strcmp(l->v[i].what, what) < 0);
}

static bool is_at(const struct missing_list *l, size_t at, const char *what)
{
	return at < l->n && strcmp(l->v[at].what, what) == 0;
}

static struct missing *insert(struct missing_list *l, size_t at, const char *what)
{
	struct missing *m;

	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	m = &l->v[at];
	memmove(m + 1, m, (l->n - at) * sizeof(*m));
	l->n++;
	*m = (struct missing){ .first_mono_ms = clock_mono_ms() };
	snprintf(m->what, sizeof(m->what), "%s", what);
	return m;
}

const struct missing *missing_note(struct missing_list *l, const char *what)
{
	const size_t at = place(l, what);
	const bool is_new = !is_at(l, at, what);
	struct missing *m = is_new ? insert(l, at, what) : &l->v[at];

	m->count += is_new || m->list != l->lists;
	m->list = l->lists;
	return m;
}

void missing_clear(struct missing_list *l, const char *what)
{
	const size_t at = place(l, what);

	if (!is_at(l, at, what))
		return;
	l->n--;
	memmove(&l->v[at], &l->v[at + 1], (l->n - at) * sizeof(*l->v));
}
