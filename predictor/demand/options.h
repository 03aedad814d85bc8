/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - checks the options of a demand model, and its samples.
 */
#ifndef PREDICTOR_DEMAND_OPTIONS_H
#define PREDICTOR_DEMAND_OPTIONS_H

#include "demand.h"

/* ERR_INVAL names the option that is out of range. */
int demand_opts_check(const struct demand_opts *o, struct err *err) MUST_CHECK;

/* ERR_INVAL when y is not a demand. */
int demand_check(double y, struct err *err) MUST_CHECK;

#endif
