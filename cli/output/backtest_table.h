/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest_table.h - the table of a backtest, for those who made one elsewhere.
 */
#ifndef CLI_OUTPUT_BACKTEST_TABLE_H
#define CLI_OUTPUT_BACKTEST_TABLE_H

#include "judge.h"

/* A line a policy on standard output, and what the columns mean. */
void backtest_print(const struct judge_row row[JUDGE_POLICIES]);

#endif
