/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest_table.h - the table of a backtest, run here or by a controller.
 */
#ifndef CLI_OUTPUT_BACKTEST_TABLE_H
#define CLI_OUTPUT_BACKTEST_TABLE_H

#include "judge.h"

/* One line per policy on standard output, and the meaning of the columns. */
void backtest_print(const struct judge_row row[JUDGE_POLICIES]);

#endif
