/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learn.h - learns from the largest demand of a lead time that is over.
 */
#ifndef PREDICTOR_DEMAND_LEARN_H
#define PREDICTOR_DEMAND_LEARN_H

#include "model.h"

/* Learns from the origin whose lead time ends with the newest value: the actual target
 * against the predicted one. */
void lead_learn(struct demand_model *m, struct lead *l);

/* Updates the coefficients and quantiles from the sums. */
void lead_solve(struct lead *l);

#endif
