/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * price_book.h - the prices of all pools' types, as the pools' workers have written them
 * down (struct db_pool_type).
 */
#ifndef CONTROLLER_MONEY_PRICE_BOOK_H
#define CONTROLLER_MONEY_PRICE_BOOK_H

#include "db.h"
#include "paid_terms.h"
#include "price.h"

#include <stdbool.h>

struct price_book {
	struct db_pool_type_list types; /* by pool and type */
};

int price_book_load(struct db *db, struct price_book *ret, struct err *err) MUST_CHECK;
void price_book_done(struct price_book *b);
DEFINE_CLEANUP_OBJECT(struct price_book, price_book_done);

/* The type that a pool of several prefers, or its one; "": its driver's default. */
#define POOL_TYPE_TEXT 64
const char *pool_first_type(const struct db_pool *p, char ret[POOL_TYPE_TEXT]);

/* How its hosts are paid for, in ms; NULL: by the moment. What the pool states comes
 * before what its cloud does. */
struct paid_terms pool_paid_terms(const struct db_pool *p);

/*
 * What an hour of a host costs. type: "": that of its pool. False: it is not known.
 */
bool price_book_of(const struct price_book *b, const struct db_pool *p, const char *type,
		   bool is_spot, struct money *ret);

#endif
