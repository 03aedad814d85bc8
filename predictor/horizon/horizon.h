/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * horizon.h - forecasts of hours to weeks, with the seasons found in a series.
 */
#ifndef PREDICTOR_HORIZON_HORIZON_H
#define PREDICTOR_HORIZON_HORIZON_H

#include "forecast.h"
#include "gaps.h"
#include "outlook.h"
#include "seasons.h"

#endif
