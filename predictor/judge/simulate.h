/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate.h - the model and its peers, each simulated on the past.
 */
#ifndef PREDICTOR_JUDGE_SIMULATE_H
#define PREDICTOR_JUDGE_SIMULATE_H

#include "past.h"

/* A peer on y[from .. from + n). */
void simulate_peer(const struct past *p, fleet_want_fn *want, double headroom,
		   size_t from, size_t n, struct fleet_run *ret);

/* The cheapest headroom that met the risk on the last half of the history. */
double tune_peer(struct past *p, fleet_want_fn *want);

/* The model, trained on the history. predicted [n * n_leads * DEMAND_BANDS]: its bands at
 * each step; NULL: not needed. */
int simulate_model(struct past *p, const struct demand_opts *o, double *predicted,
		   struct fleet_run *ret, struct err *err) MUST_CHECK;

#endif
