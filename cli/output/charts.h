/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * charts.h - charts of a backtest and of a forecast, each a complete SVG document.
 */
#ifndef CLI_OUTPUT_CHARTS_H
#define CLI_OUTPUT_CHARTS_H

#include "horizon.h"
#include "judge.h"

#include <stdio.h>

/* The demand, and what each policy had running for it. capacity: demand that one instance
 * serves. */
void svg_backtest(FILE *out, const struct judge_report *r, double capacity,
		  int64_t from_ms, int64_t step_ms);

/* The end of a series, y [n] from from_ms on, and after it the forecast: its middle
 * quantile, and a band from each of the lower to that as far from the end of the upper.
 */
void svg_forecast(FILE *out, const double *y, size_t n, const struct horizon *f,
		  int64_t from_ms, int64_t step_ms);

#endif
