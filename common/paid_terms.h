/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * paid_terms.h - how an instance, or its host, is paid for from its launch on.
 *
 * Times are in any one unit of time, such as ms or steps. Pure.
 */
#ifndef COMMON_PAID_TERMS_H
#define COMMON_PAID_TERMS_H

#include "check.h"

#include <stdint.h>

struct paid_terms {
	int64_t unit;  /* each is paid for when it begins; 0: by the moment */
	int64_t least; /* that is paid for at least; it counts as whole units */
};

/* What is paid of one that was used for so long; 0 of one that was not. */
static inline int64_t paid_for(struct paid_terms t, int64_t used)
{
	const int64_t unit = MAX(t.unit, INT64_C(1)), time = MAX(used, t.least);

	return used > 0 ? (time + unit - 1) / unit * unit : 0;
}

#endif
