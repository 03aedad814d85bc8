/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.h - what is promised of a tier, and the coverage that its forecasts achieved,
 * as JSON.
 */
#ifndef CONTROLLER_TIERS_PROMISE_H
#define CONTROLLER_TIERS_PROMISE_H

#include "decision_model.h"

#include <jansson.h>

/*
 * {"risk", "price", "bands": [{"level", "leads": [{"lead_ms", "achieved"}]}]}: the share
 * of time that may be short or what a short minute costs, and for each band and lead time
 * the share of steps that stayed within it. What is not known is null; null when there is
 * no forecast. What the tier had is in the ledger. The caller owns it.
 */
json_t *promise_json(const struct tier_forecast *f, const struct db_tier *t);

#endif
