/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule.h - who decides: the pure rule from forecast, demand and bounds of a tier to its
 * instances (decide.h), its schedules, and the record that repeats a decision.
 */
#ifndef PREDICTOR_RULE_RULE_H
#define PREDICTOR_RULE_RULE_H

#include "decide.h"
#include "input.h"
#include "record.h"
#include "schedule.h"

#endif
