/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "patterns.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

struct search {
	const struct packing_type *type;
	const struct packing_kind *kinds;
	size_t n_kinds;
	struct patterns *to;
	struct pattern now;
};

void patterns_done(struct patterns *p)
{
	free(p->v);
	*p = (struct patterns){ .v = NULL };
}

size_t packing_fits(double cpu, int64_t memory_bytes, const struct packing_type *type,
		    const struct packing_kind *kind)
{
	const int64_t by_memory =
		kind->memory_bytes > 0 ? memory_bytes / kind->memory_bytes : 0;
	double n = (double)kind->n;

	/* Thirds of a core add up to it. */
	if (type->cpu > 0 && kind->cpu > 0)
		n = fmin(n, floor(cpu / kind->cpu + 1e-9));
	if (type->memory_bytes > 0 && kind->memory_bytes > 0)
		n = fmin(n, (double)by_memory);
	return n > 0 ? (size_t)n : 0;
}

/* Whether one more of a kind before the last would fit: then it is no pattern. */
static bool has_room(const struct search *s, double cpu, int64_t memory_bytes)
{
	for (size_t k = 0; k < s->n_kinds; k++)
		if (s->now.units[k] < s->kinds[k].n &&
		    packing_fits(cpu, memory_bytes, s->type, &s->kinds[k]) > 0)
			return true;
	return false;
}

static bool keep(struct search *s)
{
	struct patterns *to = s->to;

	if (to->n == PATTERNS_MAX)
		return false;
	if (!to->v)
		to->v = xcalloc(PATTERNS_MAX, sizeof(*to->v));
	to->v[to->n++] = s->now;
	return true;
}

/* Counts of kind k and those after it, in the room that is left. */
static bool fill(struct search *s, size_t k, double cpu, int64_t memory_bytes)
{
	const struct packing_kind *kind = &s->kinds[k];
	const size_t most =
		k < s->n_kinds ? packing_fits(cpu, memory_bytes, s->type, kind) : 0;

	if (k == s->n_kinds)
		return has_room(s, cpu, memory_bytes) || keep(s);
	/* With fewer of the last there would be room for one more. */
	for (size_t n = most + 1; n-- > (k + 1 == s->n_kinds ? most : 0);) {
		s->now.units[k] = n;
		if (!fill(s, k + 1, cpu - (double)n * kind->cpu,
			  memory_bytes - (int64_t)n * kind->memory_bytes))
			return false;
	}
	return true;
}

bool patterns_find(const struct packing_type *types, size_t n_types,
		   const struct packing_kind *kinds, size_t n_kinds, struct patterns *ret)
{
	for (size_t i = 0; i < n_types; i++) {
		struct search s = { .type = &types[i],
				    .kinds = kinds,
				    .n_kinds = n_kinds,
				    .to = ret,
				    .now.type = i };

		if (!fill(&s, 0, types[i].cpu, types[i].memory_bytes))
			return false;
	}
	return true;
}
