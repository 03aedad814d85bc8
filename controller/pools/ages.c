/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ages.h"

#include "check.h"
#include "clock.h"
#include "sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ages_done(struct ages *a)
{
	free(a->v);
	*a = (struct ages){ 0 };
}

static size_t place(const struct ages *a, const char *what)
{
	return SORTED_PLACE(a->n, i, strcmp(a->v[i].what, what) < 0);
}

static struct age *find(const struct ages *a, const char *what)
{
	const size_t at = place(a, what);

	return at < a->n && strcmp(a->v[at].what, what) == 0 ? &a->v[at] : NULL;
}

static struct age *add(struct ages *a, const char *what)
{
	const size_t at = place(a, what);
	struct age *g;

	a->v = xrealloc(a->v, (a->n + 1) * sizeof(*a->v));
	g = &a->v[at];
	memmove(g + 1, g, (a->n - at) * sizeof(*g));
	a->n++;
	*g = (struct age){ 0 };
	snprintf(g->what, sizeof(g->what), "%s", what);
	return g;
}

int64_t ages_of(struct ages *a, const char *what, int64_t at_ms)
{
	struct age *g = find(a, what);

	if (!g || g->at_ms != at_ms) {
		g = g ? g : add(a, what);
		g->at_ms = at_ms;
		g->steady_ms = clock_steady_ms() - MAX(clock_now_ms() - at_ms, 0);
	}
	g->is_used = true;
	return clock_steady_ms() - g->steady_ms;
}

bool ages_has(const struct ages *a, const char *what)
{
	return find(a, what) != NULL;
}

void ages_sweep(struct ages *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].is_used)
			a->v[kept++] = a->v[i];
	a->n = kept;
	for (size_t i = 0; i < a->n; i++)
		a->v[i].is_used = false;
}
