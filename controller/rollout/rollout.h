/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollout.h - a new text of a unit goes to one instance at a time, and stops at the first
 * that is not as good as the old ones.
 */
#ifndef CONTROLLER_ROLLOUT_ROLLOUT_H
#define CONTROLLER_ROLLOUT_ROLLOUT_H

#include "error_share.h"
#include "roll_outs.h"

#endif
