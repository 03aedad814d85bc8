/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * type_order.c - the types of a pool in the order in which they are tried: as its
 * operator states them, or by what the cheapest plan for all of its units has.
 */
#include "round.h"

#include "buf.h"
#include "check.h"
#include "packing.h"

#include <string.h>

struct known_types {
	const char *names[PACKING_TYPES_MAX];
	struct packing_type v[PACKING_TYPES_MAX];
	size_t n;
	const char *currency;
};

static const struct db_pool_type *find(const struct db_pool_type_list *l,
				       const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].type, name) == 0)
			return &l->v[i];
	return NULL;
}

/* False: of some type it is not known how large it is and what it costs, or they cost
 * different currencies. names is cut up. */
static bool read_types(const struct db_pool_type_list *l, char *names,
		       struct known_types *ret)
{
	char *name;

	ret->n = 0;
	ret->currency = NULL;
	while ((name = strsep(&names, ", "))) {
		const struct db_pool_type *t = *name ? find(l, name) : NULL;

		if (!*name)
			continue;
		if (!t || t->price_hour <= 0 || t->cpu <= 0 || t->memory_bytes <= 0 ||
		    ret->n == PACKING_TYPES_MAX ||
		    (ret->currency && strcmp(t->currency, ret->currency) != 0))
			return false;
		ret->currency = t->currency;
		ret->names[ret->n] = t->type;
		ret->v[ret->n++] =
			(struct packing_type){ t->cpu, t->memory_bytes, t->price_hour };
	}
	return ret->n > 1;
}

/* The units of the pool's tiers, alike ones together. *ret_n 0: there are too many kinds,
 * or none. */
static int read_kinds(struct pool_round *r, struct packing_kind *ret, size_t *ret_n,
		      struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list l = { NULL, 0 };
	int rc = db_tier_list(r->opts->db, *r->row.stack ? r->row.stack : NULL, &l, err);

	*ret_n = 0;
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		const struct db_tier *t = &l.v[i];
		size_t k = 0;

		if (strcmp(t->pool, r->row.name) != 0 || t->desired <= 0)
			continue;
		while (k < *ret_n &&
		       (ret[k].cpu != t->cpu || ret[k].memory_bytes != t->memory_bytes))
			k++;
		if (k == PACKING_KINDS_MAX) {
			*ret_n = 0;
			return 0;
		}
		if (k == *ret_n)
			ret[(*ret_n)++] =
				(struct packing_kind){ t->cpu, t->memory_bytes, 0 };
		ret[k].n += (size_t)t->desired;
	}
	return rc;
}

static char *in_order(const struct known_types *t, const struct packing_kind *kinds,
		      size_t n_kinds)
{
	CLEANUP(buf_done) struct buf b;
	struct packing p;
	size_t order[PACKING_TYPES_MAX];
	const bool is_planned = packing_find(t->v, t->n, kinds, n_kinds, &p, NULL) == 0;

	packing_order(t->v, t->n, kinds, n_kinds, is_planned ? &p : NULL, order);
	buf_init(&b, 4096);
	for (size_t i = 0; i < t->n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", t->names[order[i]]);
	return xstrdup(buf_str(&b));
}

int pool_order_types(struct pool_round *r, struct err *err)
{
	CLEANUP(db_pool_type_list_done) struct db_pool_type_list l = { NULL, 0 };
	CLEANUP(free) char *names = xstrdup(r->row.type);
	struct packing_kind kinds[PACKING_KINDS_MAX];
	struct known_types types;
	size_t n;
	int rc;

	if (strcmp(r->row.type_order, "price") != 0 || !strchr(names, ','))
		return 0;
	rc = db_pool_type_list(r->opts->db, r->row.name, &l, err);
	if (rc < 0 || !read_types(&l, names, &types))
		return rc;
	rc = read_kinds(r, kinds, &n, err);
	if (rc < 0)
		return rc;
	free(r->row.type);
	r->row.type = in_order(&types, kinds, n);
	return 0;
}
