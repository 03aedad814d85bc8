/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "missing.h"

#include "check.h"
#include "clock.h"

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

const struct missing *missing_note(struct missing_list *l, const char *what)
{
	struct missing *m;

	for (size_t i = 0; i < l->n; i++) {
		m = &l->v[i];
		if (strcmp(m->what, what) != 0)
			continue;
		m->count += m->list != l->lists;
		m->list = l->lists;
		return m;
	}
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	m = &l->v[l->n++];
	*m = (struct missing){
		.count = 1,
		.first_mono_ms = clock_mono_ms(),
		.list = l->lists,
	};
	snprintf(m->what, sizeof(m->what), "%s", what);
	return m;
}

void missing_clear(struct missing_list *l, const char *what)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].what, what) == 0)
			l->v[i--] = l->v[--l->n];
}
