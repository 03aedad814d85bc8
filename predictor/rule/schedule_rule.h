/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule_rule.h - one rule of a schedule out of its text.
 */
#ifndef PREDICTOR_RULE_SCHEDULE_RULE_H
#define PREDICTOR_RULE_SCHEDULE_RULE_H

#include "schedule.h"

/* Fills *r but its text; on failure the caller frees what is in it. */
int schedule_rule_parse(const char *text, struct calendar_rule *r,
			struct err *err) MUST_CHECK;

#endif
