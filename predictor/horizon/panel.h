/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * panel.h - the median of five autoregressions, each over another view of a series.
 */
#ifndef PREDICTOR_HORIZON_PANEL_H
#define PREDICTOR_HORIZON_PANEL_H

#include "view.h"

enum { PANEL_VIEWS = 5 };

/* Views of one pooling; their median is one forecast. */
struct panel {
	struct view *view[PANEL_VIEWS];
	size_t n, pool;
	double *path, *scratch;
};

void panel_init(struct panel *p, const struct view_series *s, size_t pool, size_t h);
void panel_done(struct panel *p);

/* The first step that panel_run() can start from. */
size_t panel_first(const struct panel *p);

/* Continues the series from step t for h steps into out [h]; see view_run(). */
void panel_run(struct panel *p, size_t t, bool in_sample, size_t h, double *out);

#endif
