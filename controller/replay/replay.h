/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - recorded decisions made again, and demand played with other settings.
 */
#ifndef CONTROLLER_REPLAY_REPLAY_H
#define CONTROLLER_REPLAY_REPLAY_H

#include "repeat.h"
#include "verdict.h"
#include "whatif.h"

#endif
