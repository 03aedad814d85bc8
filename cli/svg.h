/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * svg.h - the picture of a backtest: demand, and what each policy had running for it.
 */
#ifndef CLI_SVG_H
#define CLI_SVG_H

#include "judge.h"

#include <stdio.h>

/* Writes a whole SVG document. capacity: demand that one instance serves. */
void svg_backtest(FILE *out, const struct judge_report *r, double capacity,
		  int64_t from_ms, int64_t step_ms);

#endif
