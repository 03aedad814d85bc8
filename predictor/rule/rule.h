/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule.h - who decides: the rule that turns a tier's situation into instances, pure.
 */
#ifndef PREDICTOR_RULE_RULE_H
#define PREDICTOR_RULE_RULE_H

#include "decide.h"
#include "input.h"
#include "record.h"
#include "schedule.h"

#endif
