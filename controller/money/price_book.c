/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "price_book.h"

#include "sorted.h"

#include <stdio.h>
#include <string.h>

int price_book_load(struct db *db, struct price_book *ret, struct err *err)
{
	return db_pool_type_list(db, NULL, &ret->types, err);
}

void price_book_done(struct price_book *b)
{
	db_pool_type_list_done(&b->types);
}

const char *pool_first_type(const struct db_pool *p, char ret[POOL_TYPE_TEXT])
{
	snprintf(ret, POOL_TYPE_TEXT, "%.*s", (int)strcspn(p->type, ", "), p->type);
	return ret;
}

struct paid_terms pool_paid_terms(const struct db_pool *p)
{
	if (!p)
		return (struct paid_terms){ .unit = 0 };
	return (struct paid_terms){
		.unit = p->billing_ms ? p->billing_ms : p->cloud_billing_ms,
		.least = p->billing_min_ms ? p->billing_min_ms : p->cloud_billing_min_ms,
	};
}

static int order(const struct db_pool_type *t, const char *pool, const char *type)
{
	int c = strcmp(t->pool, pool);

	return c ? c : strcmp(t->type, type);
}

static bool find(const struct price_book *b, const char *pool, const char *type,
		 bool is_spot, struct money *ret)
{
	const struct db_pool_type_list *l = &b->types;
	const size_t at = SORTED_PLACE(l->n, i, order(&l->v[i], pool, type) < 0);
	double hour;

	if (at == l->n || order(&l->v[at], pool, type) != 0)
		return false;
	hour = is_spot ? l->v[at].spot_price_hour : l->v[at].price_hour;
	if (hour < 0)
		return false;
	ret->amount = hour;
	snprintf(ret->currency, sizeof(ret->currency), "%s", l->v[at].currency);
	return true;
}

bool price_book_of(const struct price_book *b, const struct db_pool *p, const char *type,
		   bool is_spot, struct money *ret)
{
	char first[POOL_TYPE_TEXT];

	if (!*type)
		type = pool_first_type(p, first);
	return find(b, p->name, type, is_spot, ret) ||
	       find(b, p->name, PRICE_OF_ANY, is_spot, ret);
}
