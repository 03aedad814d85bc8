/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounds.h - the least and the most instances that operator and schedules allow.
 */
#ifndef PREDICTOR_RULE_BOUNDS_H
#define PREDICTOR_RULE_BOUNDS_H

#include "deciding.h"

/* Fills lower and upper. */
void bounds_find(struct deciding *d);

/* value within the bounds; a bound that changes it is the constraint. */
int64_t bounds_raise(struct deciding *d, int64_t value);
int64_t bounds_lower(struct deciding *d, int64_t value);

/*
 * Whether to scale in to a bound. The operator's maximum needs no forecast: it applies in
 * the first hour of a tier, and to one scaled by hand. Measurements must be trusted
 * nevertheless.
 */
bool bounds_may_lower(const struct deciding *d, bool is_max);

#endif
