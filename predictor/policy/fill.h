/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill.h - the forecast members of a decision's input, from two views.
 */
#ifndef PREDICTOR_POLICY_FILL_H
#define PREDICTOR_POLICY_FILL_H

#include "policy.h"

/* As policy_fill(), at this price of a short step and without events. Returns the demand
 * that the need was chosen to serve. */
double fill_views(const struct policy *p, const struct policy_settings *s, double price,
		  const struct demand_view *near, const struct demand_view *far,
		  struct decide_input *in);

#endif
