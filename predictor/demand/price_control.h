/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * price_control.h - the price of a short step that meets the promised risk: found by
 * replaying the history, then adjusted online.
 */
#ifndef PREDICTOR_DEMAND_PRICE_CONTROL_H
#define PREDICTOR_DEMAND_PRICE_CONTROL_H

#include "model.h"

/* Adjusts the price by whether the demand of the step that begins is short
 * of capacity. */
void price_steer(struct demand_model *m, struct lead *l, double demand);

/* The forecast at one step of the history. */
struct price_step {
	float mid, sigma;
};

/* Finds the price at which a replay of r [n], against the demand y [n], meets
 * the risk. */
void price_calibrate(struct demand_model *m, struct lead *l, const struct price_step *r,
		     const double *y, size_t n);

#endif
