/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulate.h - policies simulated on the past: ours with several settings at once, and
 * its peers.
 */
#ifndef PREDICTOR_JUDGE_SIMULATE_H
#define PREDICTOR_JUDGE_SIMULATE_H

#include "past.h"
#include "peers.h"

/* A peer on y[from .. from + n). */
void simulate_peer(const struct past *p, fleet_want_fn *want, double headroom,
		   size_t from, size_t n, struct fleet_run *ret);

/* The cheapest headroom that met the risk, beside what the bounds keep short, on the last
 * half of the history. */
double tune_peer(struct past *p, fleet_want_fn *want);

/*
 * Ours, with each of the settings [n], on one model of these options, whose first lead
 * times are a policy's; trained on the history. Lead times of all settings are alike.
 *
 *   predicted  [past.n * n_leads * DEMAND_BANDS]: the bands of each lead time at each
 *              step; NULL: not needed
 *   ret        [n]
 */
int simulate_policies(struct past *p, const struct demand_opts *o,
		      const struct policy_settings *settings, size_t n, double *predicted,
		      struct fleet_run *ret, struct err *err) MUST_CHECK;

#endif
