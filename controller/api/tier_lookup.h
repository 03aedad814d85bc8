/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_lookup.h - the tier that a path names, and what is known of it now.
 */
#ifndef CONTROLLER_API_TIER_LOOKUP_H
#define CONTROLLER_API_TIER_LOOKUP_H

#include "request.h"

/* Whether the tier that the path names is there; *ret is the caller's. */
int api_tier_of_path(struct request *r, struct db_tier *ret, struct err *err) MUST_CHECK;
/* What of a tier is learned, as the last round had it; as declared before the first. */
struct tier_now {
	double capacity;          /* in force; 0: not known */
	char capacity_source[16]; /* "declared", "learned", "cautious", "none" */
	int64_t lead_ms;
};
struct tier_now api_tier_now(struct request *r, const struct db_tier *t);

#endif
