/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - what is said of a forecast, of a file or of a controller, a line each.
 */
#ifndef CLI_FORECASTS_LINES_H
#define CLI_FORECASTS_LINES_H

#include <stdint.h>

/* "season: 1d (correlation 0.93)" */
void print_season(int64_t period_ms, double correlation);

/* "95 % band: has held 96 of 100 past values 1h ahead"; one that held too few is
 * marked. share NaN: not known. */
void print_held(int64_t ahead_ms, double share);

#endif
