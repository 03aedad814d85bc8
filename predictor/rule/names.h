/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h - names that only this room needs; the others are in decide.h.
 */
#ifndef PREDICTOR_RULE_NAMES_H
#define PREDICTOR_RULE_NAMES_H

#include "decide.h"

const char *decide_mode_name(enum decide_mode mode); /* "auto" */

#endif
