/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * season_line.h - a season of a forecast, of a file or of a controller, as one line.
 */
#ifndef CLI_FORECASTS_SEASON_LINE_H
#define CLI_FORECASTS_SEASON_LINE_H

#include <stdint.h>

/* "season: 1d (correlation 0.93)" */
void print_season(int64_t period_ms, double correlation);

#endif
