/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ensemble.h - the methods whose weighted mean is the forecast.
 *
 * Each step ahead has weights of its own, from how well the methods did at past origins:
 * near ahead the fine panel wins, far ahead the coarse one or the season, without season
 * and trend the latest level.
 */
#ifndef PREDICTOR_HORIZON_ENSEMBLE_H
#define PREDICTOR_HORIZON_ENSEMBLE_H

#include "cleanup.h"
#include "panel.h"

/* Past steps from where the forecast is repeated for its errors: over all of the series,
 * and recent ones, whose last steps ahead are still to come. */
#define ENSEMBLE_ORIGINS 40
#define ENSEMBLE_RECENT 8
#define ENSEMBLE_REPLAYS (ENSEMBLE_ORIGINS + ENSEMBLE_RECENT)

enum method { FINE, COARSE, SEASON, LONG_SEASON, PROFILE, LEVEL, METHODS };

struct ensemble {
	const struct view_series *s;
	size_t h, n;     /* n: origins replayed */
	size_t n_recent; /* recent ones after them */
	struct panel panel[2];
	size_t at[ENSEMBLE_REPLAYS];
	double *predicted; /* [(ENSEMBLE_REPLAYS + 1) * METHODS * h]; after the replayed:
			      the forecast */
	double *weight;    /* [METHODS * h] */
	bool use[METHODS];
};

void ensemble_done(struct ensemble *e);
DEFINE_CLEANUP_OBJECT(struct ensemble, ensemble_done);

/* Which methods the series is long enough for; returns the first origin of all
 * of them. */
size_t ensemble_choose(struct ensemble *e);

/* Runs every method from step t, as the k-th origin; out of sample no farther than the
 * series goes. */
void ensemble_run(struct ensemble *e, size_t origin, size_t t, bool in_sample);

/* Runs every method at past origins, an integer number of coarse steps back. */
void ensemble_replay(struct ensemble *e, size_t first);

/* Weights out of the mean sizes of the errors at the origins but the recent ones,
 * smoothed over neighbouring steps. */
void ensemble_weigh(struct ensemble *e);

/* The weighted mean at an origin, out [h]. */
void ensemble_mean(const struct ensemble *e, size_t origin, double *out);

#endif
