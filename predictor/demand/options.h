/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - what a demand model takes for options and for a demand.
 */
#ifndef PREDICTOR_DEMAND_OPTIONS_H
#define PREDICTOR_DEMAND_OPTIONS_H

#include "demand.h"

/* ERR_INVAL names the option that is out of range. */
int demand_opts_check(const struct demand_opts *o, struct err *err) MUST_CHECK;

/* ERR_INVAL for what is no demand. */
int demand_check(double y, struct err *err) MUST_CHECK;

#endif
