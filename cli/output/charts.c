/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts.h"

#include "check.h"
#include "svg.h"

#include <math.h>

#define ROOM 1.05 /* above the highest value */

static double highest(const double *y, size_t n, double least)
{
	double high = least;

	for (size_t i = 0; i < n; i++)
		high = fmax(high, ROOM * y[i]);
	return high;
}

/* ---------------------------------------------------------------- of a backtest */

/* Instances: that ran, or that the demand would fill. The caller's. */
static double *instances(const struct judge_report *r, int policy, double capacity)
{
	double *y = xcalloc(r->n + 1, sizeof(*y));

	for (size_t i = 0; i < r->n; i++)
		y[i] = policy < 0 ? r->demand[i] / capacity
				  : (double)r->row[policy].run.running[i];
	return y;
}

void svg_backtest(FILE *out, const struct judge_report *r, double capacity,
		  int64_t from_ms, int64_t step_ms)
{
	static const struct {
		int policy; /* -1: the demand itself */
		const char *name, *colour, *width;
	} lines[] = {
		{ JUDGE_REACTIVE, "reactive (HPA's rule)", "#c98500", "1" },
		{ JUDGE_OURS, "foretide", "#0a6fc2", "1.6" },
		{ -1, "demand", "#444", "1" },
	};
	struct svg_frame f = { r->n, 1, 1, from_ms, step_ms };
	double *y[ARRAY_SIZE(lines)];

	for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
		y[k] = instances(r, lines[k].policy, capacity);
		f.high = highest(y[k], r->n, f.high);
	}
	svg_begin(out, &f, "Instances running and needed");
	for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
		svg_line(out, &f, 0, y[k], r->n, lines[k].colour, lines[k].width);
		svg_name(out, k, lines[k].colour, lines[k].name);
		free(y[k]);
	}
	svg_end(out);
}

/* ---------------------------------------------------------------- of a forecast */

void svg_forecast(FILE *out, const double *y, size_t n, const struct horizon *f,
		  int64_t from_ms, int64_t step_ms)
{
	struct svg_frame frame = { n + f->h, 0, 0, from_ms, step_ms };
	const size_t middle = f->n_levels / 2;

	frame.high = highest(y, n, 0);
	frame.high = highest(f->q, f->n_levels * f->h, frame.high);
	if (!(frame.high > 0))
		frame.high = 1;
	svg_begin(out, &frame, "Demand and forecast");
	for (size_t k = 0; k < middle; k++)
		svg_band(out, &frame, n, f->q + k * f->h,
			 f->q + (f->n_levels - 1 - k) * f->h, f->h, "#0a6fc233");
	svg_line(out, &frame, 0, y, n, "#444", "1");
	svg_line(out, &frame, n, f->q + middle * f->h, f->h, "#0a6fc2", "1.6");
	svg_name(out, 0, "#444", "demand");
	svg_name(out, 1, "#0a6fc2", "forecast, with its bands");
	svg_end(out);
}
