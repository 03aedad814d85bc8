/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_options.h - setting and checking options of a tier.
 */
#ifndef CONTROLLER_API_TIER_OPTIONS_H
#define CONTROLLER_API_TIER_OPTIONS_H

#include "request.h"

/* Sets one option from a string or a number, in the syntax of stack.conf. */
int api_tier_set(struct db_tier *t, const char *key, const json_t *value,
		 struct err *err) MUST_CHECK;

/* Checks the tier's expressions. ERR_INVAL names the invalid one, and where. */
int api_tier_check(struct request *r, const struct db_tier *t,
		   struct err *err) MUST_CHECK;

#endif
