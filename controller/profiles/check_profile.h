/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_profile.h - one check of a profile: its driver is opened and asked, and creates
 * nothing.
 */
#ifndef PROFILES_CHECK_PROFILE_H
#define PROFILES_CHECK_PROFILE_H

#include "pools.h"

#include <jansson.h>

/*
 * {"ok","took_ms","pool","findings":[{"fatal","message"}],"error","quota":{"used","limit",
 * "left"},"types":[...]}; the caller's. What the cloud was not asked, or does not say, is
 * null; a cloud that is left alone now is not asked. Takes a minute and a half at the
 * most.
 */
json_t *check_profile(const struct pool_opts *o, struct pools *callers,
		      const char *profile, const char *driver);

#endif
