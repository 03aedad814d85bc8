/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookback.h - finds yesterday and last week in memory, by the local clock, and fills a
 * step without a sample from them.
 */
#ifndef PREDICTOR_DEMAND_LOOKBACK_H
#define PREDICTOR_DEMAND_LOOKBACK_H

#include "model.h"

/* Steps back to this time of the local clock, `season` ago; 0 when it is not
 * in memory. */
size_t model_ago(const struct demand_model *m, size_t season);

/* The newest step's slot of the local day. */
size_t model_slot(const struct demand_model *m);

/* The fill value of the next step when it has no sample. */
double model_fill_value(struct demand_model *m);

#endif
