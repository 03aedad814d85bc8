/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_options.h - options of a tier that are changed by hand, and checked, outside of
 * stack.conf.
 */
#ifndef CONTROLLER_API_TIER_OPTIONS_H
#define CONTROLLER_API_TIER_OPTIONS_H

#include "request.h"

/* Sets one option of a tier, a string or a number as stack.conf would have it. */
int api_tier_set(struct db_tier *t, const char *key, const json_t *value,
		 struct err *err) MUST_CHECK;

/* ERR_INVAL names the tier's expression that cannot be understood, and where. */
int api_tier_check(struct request *r, const struct db_tier *t,
		   struct err *err) MUST_CHECK;

#endif
