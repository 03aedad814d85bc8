/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packing.h"

#include "check.h"
#include "first_fit.h"
#include "patterns.h"
#include "program.h"

#include <math.h>
#include <string.h>

static int check(const struct packing_type *types, size_t n_types,
		 const struct packing_kind *kinds, size_t n_kinds, struct err *err)
{
	if (n_types == 0 || n_types > PACKING_TYPES_MAX || n_kinds > PACKING_KINDS_MAX)
		return err_set(err, ERR_INVAL,
			       "%zu types and %zu kinds of units: there may be 1 to %d "
			       "types and %d kinds",
			       n_types, n_kinds, PACKING_TYPES_MAX, PACKING_KINDS_MAX);
	for (size_t i = 0; i < n_types; i++)
		if (!isfinite(types[i].cpu) || types[i].cpu < 0 ||
		    types[i].memory_bytes < 0 || !isfinite(types[i].price) ||
		    types[i].price <= 0)
			return err_set(err, ERR_INVAL, "type %zu is out of range", i);
	for (size_t k = 0; k < n_kinds; k++)
		if (!isfinite(kinds[k].cpu) || kinds[k].cpu < 0 ||
		    kinds[k].memory_bytes < 0 || kinds[k].n > PACKING_UNITS_MAX)
			return err_set(err, ERR_INVAL,
				       "kind %zu of units is out of range", k);
	return 0;
}

/* Those of which there are units. */
static size_t with_units(const struct packing_kind *kinds, size_t n_kinds,
			 struct packing_kind *ret)
{
	size_t n = 0;

	for (size_t k = 0; k < n_kinds; k++)
		if (kinds[k].n > 0)
			ret[n++] = kinds[k];
	return n;
}

static bool fits_one(const struct packing_type *t, const struct packing_kind *k)
{
	const struct packing_kind one = { k->cpu, k->memory_bytes, 1 };

	return packing_fits(t->cpu, t->memory_bytes, t, &one) == 1;
}

static bool fits_some(const struct packing_type *types, size_t n_types,
		      const struct packing_kind *k)
{
	for (size_t i = 0; i < n_types; i++)
		if (fits_one(&types[i], k))
			return true;
	return false;
}

int packing_find(const struct packing_type *types, size_t n_types,
		 const struct packing_kind *kinds, size_t n_kinds, struct packing *ret,
		 struct err *err)
{
	CLEANUP(patterns_done) struct patterns patterns = { .v = NULL };
	struct packing_kind used[PACKING_KINDS_MAX];
	struct packing best = { .price = INFINITY }, p;
	size_t n;
	int rc = check(types, n_types, kinds, n_kinds, err);

	if (rc < 0)
		return rc;
	n = with_units(kinds, n_kinds, used);
	for (size_t k = 0; k < n; k++)
		if (!fits_some(types, n_types, &used[k]))
			return err_set(err, ERR_LIMIT,
				       "a unit of %g cores and %lld bytes fits no type",
				       used[k].cpu, (long long)used[k].memory_bytes);
	first_fit(types, n_types, used, n, &best);
	if (n == 0)
		best.is_best = true;
	else if (patterns_find(types, n_types, used, n, &patterns) &&
		 program_solve(&patterns, types, used, n, &p) &&
		 (p.price <= best.price || p.is_best))
		best = p;
	*ret = best;
	return 0;
}

/* ---------------------------------------------------------------- order */

static bool fits_all(const struct packing_type *t, const struct packing_kind *kinds,
		     size_t n_kinds)
{
	for (size_t k = 0; k < n_kinds; k++)
		if (kinds[k].n > 0 && !fits_one(t, &kinds[k]))
			return false;
	return true;
}

/* 0: the plan has it; 1: it would do as well; 2: it would not. */
static int rank(const struct packing_type *types, const struct packing_kind *kinds,
		size_t n_kinds, const struct packing *p, size_t i)
{
	if (p && p->hosts[i] > 0)
		return 0;
	return fits_all(&types[i], kinds, n_kinds) ? 1 : 2;
}

static bool is_before(const struct packing_type *types, const struct packing_kind *kinds,
		      size_t n_kinds, const struct packing *p, size_t a, size_t b)
{
	const int x = rank(types, kinds, n_kinds, p, a),
		  y = rank(types, kinds, n_kinds, p, b);

	if (x != y)
		return x < y;
	if (x == 0 && p->hosts[a] != p->hosts[b])
		return p->hosts[a] > p->hosts[b];
	return types[a].price < types[b].price;
}

void packing_order(const struct packing_type *types, size_t n_types,
		   const struct packing_kind *kinds, size_t n_kinds,
		   const struct packing *p, size_t *ret)
{
	/* Equal ones stay in the order in which they are stated. */
	for (size_t i = 0; i < n_types; i++) {
		size_t at = i;

		for (; at > 0 && is_before(types, kinds, n_kinds, p, i, ret[at - 1]);
		     at--)
			ret[at] = ret[at - 1];
		ret[at] = i;
	}
}
