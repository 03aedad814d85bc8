/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_lookup.h - the tier in a request's path, and its learned values.
 */
#ifndef CONTROLLER_API_TIER_LOOKUP_H
#define CONTROLLER_API_TIER_LOOKUP_H

#include "request.h"

/* Reads the path's tier; the caller frees *ret. */
int api_tier_of_path(struct request *r, struct db_tier *ret, struct err *err) MUST_CHECK;
/* Learned values of the last tick; declared values before the first tick. */
struct tier_now {
	double capacity;          /* in use; 0: not known */
	char capacity_source[16]; /* "declared", "learned", "cautious", "none" */
	int64_t lead_ms;
	char follows[64]; /* the tier whose demand its forecast uses too; "": none */
};
struct tier_now api_tier_now(struct request *r, const struct db_tier *t);

#endif
