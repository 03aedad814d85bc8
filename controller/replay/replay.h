/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - looking back: recorded decisions are repeated and compared, recorded demand
 * is replayed with other settings, and a backtest says whether a tier may get the next
 * mode.
 */
#ifndef CONTROLLER_REPLAY_REPLAY_H
#define CONTROLLER_REPLAY_REPLAY_H

#include "repeat.h"
#include "verdict.h"
#include "whatif.h"

#endif
