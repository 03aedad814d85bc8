/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_tag.h - the tag of what is declared of a tier, which can be changed by hand, and
 * If-Match with it.
 */
#ifndef CONTROLLER_API_TIER_TAG_H
#define CONTROLLER_API_TIER_TAG_H

#include "request.h"

#define TIER_TAG 18 /* 16 hex digits, a dash */

/* "0123456789abcdef-": the first half of its ETag. */
void tier_tag(const struct db_tier *t, char ret[TIER_TAG]);

/* 412 when If-Match has another; measured values, in the second half, do not count. */
int tier_check_match(struct request *r, const struct db_tier *t,
		     struct err *err) MUST_CHECK;

#endif
