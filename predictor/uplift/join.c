/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.c - merges occurrences of one name that touch.
 */
#include "uplift.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct uplift_named *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	if (c)
		return c;
	return (x->span.start_ms > y->span.start_ms) -
	       (x->span.start_ms < y->span.start_ms);
}

size_t uplift_join(struct uplift_named *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		struct uplift_named *last = kept ? &v[kept - 1] : NULL;

		if (last && strcmp(last->name, v[i].name) == 0 &&
		    v[i].span.start_ms <= last->span.end_ms)
			last->span.end_ms = MAX(last->span.end_ms, v[i].span.end_ms);
		else
			v[kept++] = v[i];
	}
	return kept;
}
