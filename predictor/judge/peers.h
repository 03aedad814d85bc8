/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peers.h - the simple policies that the model is measured against.
 *
 * Each has one tuning parameter, the headroom h: it scales for h times the demand that it
 * observes. All are fleet_want_fn over a struct peer.
 */
#ifndef PREDICTOR_JUDGE_PEERS_H
#define PREDICTOR_JUDGE_PEERS_H

#include "simulation.h"

#include <stddef.h>

struct peer {
	double headroom;
	double capacity;    /* as it is known at the step */
	const double *past; /* [n_past] demand before step 0 */
	size_t n_past;
	const double *demand; /* from step 0 on; looked at up to the step only */
	size_t lead, day;     /* in steps */
	size_t recent[5];     /* HPA: recommendations to be as high as */
	double highest;       /* static: the largest demand before step 0 */
};

/*
 * Kubernetes' HorizontalPodAutoscaler on a rate per pod: no change within 10 %, scale-in
 * only to the highest desired count of five minutes (here: steps).
 * Source: its documentation, "Algorithm details" and "Stabilization window".
 */
size_t peer_reactive(void *peer, const struct fleet_now *now);

/* The largest demand around this time yesterday (and a week ago), or the present one. */
size_t peer_seasonal(void *peer, const struct fleet_now *now);

/* Always what the highest demand needs. */
size_t peer_static(void *peer, const struct fleet_now *now);

#endif
