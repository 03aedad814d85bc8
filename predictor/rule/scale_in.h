/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scale_in.h - which instances go: those that nobody needed within the dwell and that
 * save more than they cost.
 */
#ifndef PREDICTOR_RULE_SCALE_IN_H
#define PREDICTOR_RULE_SCALE_IN_H

#include "deciding.h"

/* Fewer are needed than there are: the instances from now on. */
int64_t scale_in(struct deciding *d);

/* Instances that the step limit leaves to be removed now. */
int64_t step_in_left(const struct deciding *d);

/* Removed instances count against the step limit for a dwell. */
void count_in(struct deciding *d);

#endif
