/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits.h - what bounds, steps, room and priority leave of a number of instances.
 */
#ifndef PREDICTOR_RULE_LIMITS_H
#define PREDICTOR_RULE_LIMITS_H

#include "deciding.h"

/* The number within all of them; the constraint that changed it last is the plan's. */
int64_t limits_apply(struct deciding *d, int64_t value);

#endif
