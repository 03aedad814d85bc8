/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.h - which profiles there are, and of which driver each is.
 */
#ifndef PROFILES_CATALOG_H
#define PROFILES_CATALOG_H

#include "pools.h"

#include <jansson.h>

/*
 * By name, the caller's: {"driver","source","changed_ms","problem","pools"}. They are in
 * the credentials file, in sections [driver DRIVER/PROFILE] of the configuration, in the
 * environment, and in pools; and of a driver of [driver DRIVER] that has none so, one of
 * its name.
 *
 * Whose a profile is its section says, or where its source is, or the configuration, or
 * a pool; else its name.
 */
int catalog_read(const struct pool_opts *o, json_t **ret, struct err *err) MUST_CHECK;

/*
 * The pool whose options a profile's driver is opened with: the first of the profile's,
 * or else one without any. The caller frees it with db_pool_done().
 */
int catalog_pool(const struct pool_opts *o, const char *profile, const char *driver,
		 struct db_pool *ret, struct err *err) MUST_CHECK;

#endif
