/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * numbered.h - lists whose pages have numbers, which begin with 1.
 *
 * When something went from a page that was read already, what follows moves up, and the
 * first of the next page is missed. So a list that became shorter meanwhile is read anew,
 * and what was seen before is not given again.
 */
#ifndef CLOUD_DRIVERS_REST_NUMBERED_H
#define CLOUD_DRIVERS_REST_NUMBERED_H

#include "call.h"

/* The number of the page after this one; 0: it is the last. */
typedef int64_t rest_next_fn(const json_t *doc);
typedef void rest_item_fn(void *arg, const json_t *item);

struct rest_numbered {
	struct rest *rest;
	const char *url;   /* with a query, to which "&page=N" is added */
	const char *items; /* the member that holds them */
	const char *id;    /* the path of what each is told by: a text or a number */
	const char *total; /* the path of how many there are on all pages */
	rest_next_fn *next;
	rest_item_fn *each;
	void *arg;
	int64_t deadline_mono_ms;
};

/*
 * Calls each() for all items. TRANSIENT when the list becomes shorter again and again;
 * BUG when it would not end.
 */
int rest_each_numbered(const struct rest_numbered *n, struct drv_err *err);

#endif
