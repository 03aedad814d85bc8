/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile.h - the request rate of a load over calendar time.
 */
#ifndef CLI_LOAD_PROFILE_H
#define CLI_LOAD_PROFILE_H

#include "cleanup.h"
#include "err.h"

#include <stdint.h>

struct profile;

/*
 * A trace (CSV of timestamp,value) or, with a NULL path, the built-in day: quiet nights,
 * a rise in the morning, a dip at noon, a peak in the evening, each a little different.
 * Scaled so that its 99.9 % quantile is peak_rps.
 */
int profile_open(const char *path, double peak_rps, struct profile **ret,
		 struct err *err) MUST_CHECK;
void profile_free(struct profile *p);
DEFINE_CLEANUP(struct profile *, profile_free);

/* Requests per second at offset_ms calendar time after the start; a trace restarts at its
 * end. */
double profile_rate(const struct profile *p, int64_t offset_ms);

/* Its length, calendar; the built-in one has a week. */
int64_t profile_length_ms(const struct profile *p);

#endif
