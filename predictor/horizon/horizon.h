/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * horizon.h - forecasts hours to weeks ahead, as quantiles, with the seasons found in the
 * series. outlook.h is the usual way in; forecast.h takes seasons as given.
 */
#ifndef PREDICTOR_HORIZON_HORIZON_H
#define PREDICTOR_HORIZON_HORIZON_H

#include "forecast.h"
#include "gaps.h"
#include "outlook.h"
#include "outlook_json.h"
#include "seasons.h"

#endif
