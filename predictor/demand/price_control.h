/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * price_control.h - the price of a short step that keeps the promised risk: found by
 * replaying the history, then steered online.
 */
#ifndef PREDICTOR_DEMAND_PRICE_CONTROL_H
#define PREDICTOR_DEMAND_PRICE_CONTROL_H

#include "model.h"

/* Takes the demand of the step that begins: short or not, the price follows. */
void price_steer(struct demand_model *m, struct lead *l, double demand);

/* What was said at one step of the history. */
struct price_step {
	float mid, sigma;
};

/* Finds the price at which a replay of r [n], against the demand y [n], keeps the risk.
 */
void price_calibrate(struct demand_model *m, struct lead *l, const struct price_step *r,
		     const double *y, size_t n);

#endif
