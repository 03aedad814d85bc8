/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample_list.h"

#include "check.h"

#include <string.h>

void db_samples_push(struct db_samples *s, int64_t t_ms, double v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct db_sample){ t_ms, v };
}

void db_samples_append(struct db_samples *s, const struct db_sample *v, size_t n)
{
	if (s->cap - s->n < n) {
		s->cap = MAX(s->cap * 2, s->n + n);
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	if (n)
		memcpy(s->v + s->n, v, n * sizeof(*v));
	s->n += n;
}

void db_samples_done(struct db_samples *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}
