/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - results of forecasts and backtests for people: tables and charts.
 */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include "backtest_table.h"
#include "charts.h"

#endif
