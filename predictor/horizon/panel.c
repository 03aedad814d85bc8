/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "panel.h"

#include "check.h"

#include <gsl/gsl_statistics_double.h>
#include <stdlib.h>
#include <string.h>

void panel_done(struct panel *p)
{
	for (size_t k = 0; k < p->n; k++)
		view_free(p->view[k]);
	free(p->path);
	free(p->scratch);
}

void panel_init(struct panel *p, const struct view_series *s, size_t pool, size_t h)
{
	static const struct {
		bool logarithm, change, dense;
	} kind[PANEL_VIEWS] = {
		{ false, false, false }, { true, false, false }, { false, true, false },
		{ true, true, false },   { true, false, true },
	};
	size_t scratch = 0;

	memset(p, 0, sizeof(*p));
	p->pool = pool;
	for (size_t k = 0; k < PANEL_VIEWS; k++) {
		struct view *v = view_new(s, kind[k].logarithm, kind[k].change,
					  kind[k].dense, pool);

		if (!v)
			continue;
		p->view[p->n++] = v;
		scratch = MAX(scratch, view_scratch(v, h));
	}
	p->path = xcalloc(MAX(p->n, (size_t)1) * h, sizeof(double));
	p->scratch = xcalloc(scratch + 1, sizeof(double));
}

size_t panel_first(const struct panel *p)
{
	size_t first = 0;

	for (size_t k = 0; k < p->n; k++)
		first = MAX(first, view_first(p->view[k]));
	return first;
}

void panel_run(struct panel *p, size_t t, bool in_sample, size_t h, double *out)
{
	for (size_t k = 0; k < p->n; k++)
		view_run(p->view[k], t, in_sample, h, p->scratch, p->path + k * h);
	for (size_t j = 0; j < h; j++) {
		double v[PANEL_VIEWS];

		for (size_t k = 0; k < p->n; k++)
			v[k] = p->path[k * h + j];
		out[j] = gsl_stats_median(v, 1, p->n);
	}
}
