/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plain_demand.h - recorded demand as models learn it.
 */
#ifndef CONTROLLER_TIERS_PLAIN_DEMAND_H
#define CONTROLLER_TIERS_PLAIN_DEMAND_H

#include "event_effects.h"

/*
 * Takes the effect of events (NULL: none) out of y [n], the minutes from from_ms on.
 * Values that cannot be demand (an expression may be below 0) count as not recorded.
 */
void tier_demand_plain(const struct tier_events *e, int64_t from_ms, double *y, size_t n);

#endif
