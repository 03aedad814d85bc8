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
 * recent ones, whose last steps ahead are still to come, and many that look less far
 * ahead: NEAR a quarter of a unit of error_unit(), a 24th apart, and MIDDLE one, an
 * eighth apart. */
#define ENSEMBLE_ORIGINS 40
#define ENSEMBLE_RECENT 8
#define ENSEMBLE_NEAR 96
#define ENSEMBLE_MIDDLE 56
#define ENSEMBLE_REPLAYS \
	(ENSEMBLE_ORIGINS + ENSEMBLE_RECENT + ENSEMBLE_NEAR + ENSEMBLE_MIDDLE)

enum method { FINE, COARSE, SEASON, LONG_SEASON, PROFILE, LEVEL, METHODS };

struct ensemble {
	const struct view_series *s;
	size_t h;
	size_t n;     /* origins over all of the series; others follow them */
	size_t n_all; /* origins */
	struct panel panel[2];
	size_t at[ENSEMBLE_REPLAYS + 1], reach[ENSEMBLE_REPLAYS + 1]; /* steps ahead */
	double *predicted[ENSEMBLE_REPLAYS + 1]; /* [METHODS * reach] */
	double *weight;                          /* [METHODS * h] */
	bool use[METHODS];
};

void ensemble_done(struct ensemble *e);
DEFINE_CLEANUP_OBJECT(struct ensemble, ensemble_done);

/* Which methods the series is long enough for; returns the first origin of all
 * of them. */
size_t ensemble_choose(struct ensemble *e);

/* Runs every method from step t for reach steps, as the next origin, whose number is
 * returned; out of sample no farther than the series goes. */
size_t ensemble_run(struct ensemble *e, size_t t, size_t reach, bool in_sample);

/* Runs every method at past origins, an integer number of coarse steps back. */
void ensemble_replay(struct ensemble *e, size_t first);

/* Weights out of the mean sizes of the errors at the first n origins, smoothed over
 * neighbouring steps. */
void ensemble_weigh(struct ensemble *e);

/* The weighted mean at an origin, out [its reach]. */
void ensemble_mean(const struct ensemble *e, size_t origin, double *out);

#endif
