/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages.h - lists by pages that end, whatever the cloud answers.
 *
 *	CLEANUP(rest_pages_done) struct rest_pages p = { .max_pages = 1000 };
 *
 *	do {
 *		... ask for the page; give each item whose id rest_pages_is_new() ...
 *		rc = rest_pages_turn(&p, marker_of_the_next_page, err);
 *	} while (rc == 0 && there is a next page);
 */
#ifndef CLOUD_DRIVERS_REST_PAGES_H
#define CLOUD_DRIVERS_REST_PAGES_H

#include "cleanup.h"
#include "driver.h"

/* A set of digests of texts. All zero is empty. */
struct rest_seen {
	uint64_t *slots; /* 0: free */
	size_t n, n_slots;
};

struct rest_pages {
	size_t max_pages;
	size_t n; /* turned so far */
	struct rest_seen markers, ids;
};

/*
 * Before the page that marker (a token, a number, an address) names. BUG when a page of
 * that marker was turned to before, or max_pages were: the list would never end.
 */
int rest_pages_turn(struct rest_pages *p, const char *marker, struct drv_err *err);

/* Whether no page before had it: lists that change show one twice. */
bool rest_pages_is_new(struct rest_pages *p, const char *id);

void rest_pages_done(struct rest_pages *p);
DEFINE_CLEANUP_OBJECT(struct rest_pages, rest_pages_done);

#endif
