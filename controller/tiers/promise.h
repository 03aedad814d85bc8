/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.h - the coverage that a tier's forecasts promised and achieved, as JSON.
 */
#ifndef CONTROLLER_TIERS_PROMISE_H
#define CONTROLLER_TIERS_PROMISE_H

#include "decision_model.h"

#include <jansson.h>

/*
 * {"risk", "price", "achieved", "bands": [{"level", "leads": [{"lead_ms",
 * "achieved"}]}]}: the share of time that may be short or what a short minute costs, the
 * share that was short lately, and for each band and lead time the share of steps that
 * stayed within it. What is not known is null; null when there is no forecast. The caller
 * owns it.
 */
json_t *promise_json(const struct tier_forecast *f, const struct db_tier *t);

#endif
