/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - results of forecasts and backtests as tables and charts.
 */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include "backtest_table.h"
#include "charts.h"

#endif
