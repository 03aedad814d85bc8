/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svg.h"

#include "check.h"
#include "clock.h"

#include <math.h>

enum { WIDTH = 1200, HEIGHT = 480, LEFT = 60, TOP = 40, RIGHT = 20, BOTTOM = 50 };
#define POINTS 1140 /* a point a pixel: each the largest of the steps under it */

struct frame {
	size_t n;
	double high; /* instances at the upper edge */
};

static double x_of(size_t point, size_t points)
{
	return LEFT + (double)point / (double)(points - 1) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct frame *f, double instances)
{
	return HEIGHT - BOTTOM - instances / f->high * (HEIGHT - TOP - BOTTOM);
}

static double value(const struct judge_report *r, int policy, double capacity, size_t i)
{
	return policy < 0 ? r->demand[i] / capacity
			  : (double)r->row[policy].run.running[i];
}

/* policy -1: the demand itself. */
static void line(FILE *out, const struct frame *f, const struct judge_report *r,
		 int policy, double capacity, const char *colour, const char *width)
{
	const size_t points = MIN((size_t)POINTS, f->n);

	fprintf(out,
		"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" points=\"",
		colour, width);
	for (size_t p = 0; p < points; p++) {
		double top = 0;

		for (size_t i = p * f->n / points; i < (p + 1) * f->n / points; i++)
			top = fmax(top, value(r, policy, capacity, i));
		fprintf(out, "%.1f,%.1f ", x_of(p, points), y_of(f, top));
	}
	fprintf(out, "\"/>\n");
}

static void axes(FILE *out, const struct frame *f, int64_t from_ms, int64_t step_ms)
{
	const double step = pow(10, floor(log10(f->high / 2)));
	const double mark = fmax(1, f->high / step > 10 ? 2 * step : step);

	for (double v = 0; v <= f->high; v += mark)
		fprintf(out,
			"<path d=\"M%d %.1fH%d\" stroke=\"#8884\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT, y_of(f, v), WIDTH - RIGHT, LEFT - 6, y_of(f, v) + 4, v);
	for (int k = 0; k <= 6; k++) {
		const size_t i = (f->n - 1) * (size_t)k / 6;
		char text[CLOCK_TEXT];

		clock_format(from_ms + (int64_t)i * step_ms, text);
		fprintf(out,
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.16s</text>\n",
			x_of((size_t)k, 7), HEIGHT - BOTTOM + 20,
			k == 0   ? "start"
			: k == 6 ? "end"
				 : "middle",
			text);
	}
}

void svg_backtest(FILE *out, const struct judge_report *r, double capacity,
		  int64_t from_ms, int64_t step_ms)
{
	static const struct {
		int policy;
		const char *name, *colour, *width;
	} lines[] = {
		{ JUDGE_REACTIVE, "reactive (HPA's rule)", "#c98500", "1" },
		{ JUDGE_MODEL, "foretide", "#0a6fc2", "1.6" },
		{ -1, "demand", "#444", "1" },
	};
	struct frame f = { .n = r->n, .high = 1 };

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(lines); k++)
			f.high = fmax(f.high,
				      value(r, lines[k].policy, capacity, i) * 1.05);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"20\" font-size=\"14\">Instances running, and needed "
		"for the demand</text>\n",
		WIDTH, HEIGHT, LEFT);
	axes(out, &f, from_ms, step_ms);
	for (size_t k = 0; k < ARRAY_SIZE(lines); k++) {
		line(out, &f, r, lines[k].policy, capacity, lines[k].colour,
		     lines[k].width);
		fprintf(out, "<text x=\"%zu\" y=\"%d\" fill=\"%s\">%s</text>\n",
			LEFT + 500 + k * 180, 20, lines[k].colour, lines[k].name);
	}
	fprintf(out, "</svg>\n");
}
