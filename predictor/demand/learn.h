/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learn.h - learns from the largest demand of a lead time that is over.
 */
#ifndef PREDICTOR_DEMAND_LEARN_H
#define PREDICTOR_DEMAND_LEARN_H

#include "model.h"

/* The origin whose lead time ends with the newest value: what was it, against what was
 * said. */
void lead_learn(struct demand_model *m, struct lead *l);

/* Brings what follows from the sums up to date. */
void lead_solve(struct lead *l);

#endif
