/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - repeats recorded decisions, simulates other settings on recorded demand, and
 * judges by a backtest whether a tier is eligible for the next mode.
 */
#ifndef CONTROLLER_REPLAY_REPLAY_H
#define CONTROLLER_REPLAY_REPLAY_H

#include "repeat.h"
#include "terms.h"
#include "verdict.h"
#include "whatif.h"

#endif
