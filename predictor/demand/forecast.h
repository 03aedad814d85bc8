/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecast.h - the forecast of one step: which fallback level it comes from, and the
 * bands whose coverage is measured.
 */
#ifndef PREDICTOR_DEMAND_FORECAST_H
#define PREDICTOR_DEMAND_FORECAST_H

#include "model.h"

/* After the newest step was observed, or the regressions were solved. */
void lead_forecast(const struct demand_model *m, struct lead *l, struct origin *newest);

#endif
