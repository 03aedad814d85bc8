/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svg.h"

#include "check.h"
#include "clock.h"

#include <math.h>
#include <stdbool.h>

enum { WIDTH = 1200, HEIGHT = 480, LEFT = 60, TOP = 40, RIGHT = 20, BOTTOM = 50 };
enum { PIXELS = WIDTH - LEFT - RIGHT };

static double x_of(const struct svg_frame *f, size_t step)
{
	return LEFT + (double)step / (double)MAX(f->n - 1, (size_t)1) * PIXELS;
}

static double y_of(const struct svg_frame *f, double value)
{
	return HEIGHT - BOTTOM - value / f->high * (HEIGHT - TOP - BOTTOM);
}

static void axes(FILE *out, const struct svg_frame *f)
{
	const double step = pow(10, floor(log10(f->high / 2)));
	const double mark = fmax(f->least_mark, f->high / step > 10 ? 2 * step : step);

	for (double v = 0; v <= f->high; v += mark)
		fprintf(out,
			"<path d=\"M%d %.1fH%d\" stroke=\"#8884\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT, y_of(f, v), WIDTH - RIGHT, LEFT - 6, y_of(f, v) + 4, v);
	for (size_t k = 0; k <= 6; k++) {
		const size_t i = (f->n - 1) * k / 6;
		char text[CLOCK_TEXT];

		clock_format(f->from_ms + (int64_t)i * f->step_ms, text);
		fprintf(out,
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.16s</text>\n",
			x_of(f, i), HEIGHT - BOTTOM + 20,
			k == 0   ? "start"
			: k == 6 ? "end"
				 : "middle",
			text);
	}
}

void svg_begin(FILE *out, const struct svg_frame *f, const char *title)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"20\" font-size=\"14\">%s</text>\n",
		WIDTH, HEIGHT, LEFT, title);
	axes(out, f);
}

void svg_end(FILE *out)
{
	fprintf(out, "</svg>\n");
}

/* As many points as n steps have pixels. */
static size_t points_of(const struct svg_frame *f, size_t n)
{
	return f->n <= PIXELS ? n : MIN(n, MAX(n * PIXELS / f->n, (size_t)1));
}

/* The value of y [n] at a point: the pick of its steps; NaN when all are. */
static double value_at(const double *y, size_t n, size_t point, size_t points,
		       double (*pick)(double, double))
{
	double v = NAN;

	for (size_t i = point * n / points; i < (point + 1) * n / points; i++)
		v = pick(v, y[i]);
	return v;
}

/* The first and the last of the points are where the first and the last step are. */
static void put_point(FILE *out, const struct svg_frame *f, size_t at, size_t n,
		      size_t point, size_t points, double value)
{
	const size_t step = at + point * (n - 1) / MAX(points - 1, (size_t)1);

	fprintf(out, "%.1f,%.1f ", x_of(f, step), y_of(f, value));
}

void svg_line(FILE *out, const struct svg_frame *f, size_t at, const double *y, size_t n,
	      const char *colour, const char *width)
{
	const size_t points = points_of(f, n);
	bool is_open = false;

	for (size_t p = 0; p < points; p++) {
		const double v = value_at(y, n, p, points, fmax);

		if (is_open && isnan(v))
			fprintf(out, "\"/>\n");
		if (!is_open && !isnan(v))
			fprintf(out,
				"<polyline fill=\"none\" stroke=\"%s\" "
				"stroke-width=\"%s\" points=\"",
				colour, width);
		is_open = !isnan(v);
		if (is_open)
			put_point(out, f, at, n, p, points, v);
	}
	if (is_open)
		fprintf(out, "\"/>\n");
}

void svg_band(FILE *out, const struct svg_frame *f, size_t at, const double *low,
	      const double *high, size_t n, const char *colour)
{
	const size_t points = points_of(f, n);

	fprintf(out, "<polygon fill=\"%s\" points=\"", colour);
	for (size_t p = 0; p < points; p++)
		put_point(out, f, at, n, p, points, value_at(high, n, p, points, fmax));
	for (size_t p = points; p-- > 0;)
		put_point(out, f, at, n, p, points, value_at(low, n, p, points, fmin));
	fprintf(out, "\"/>\n");
}

void svg_name(FILE *out, size_t k, const char *colour, const char *name)
{
	fprintf(out, "<text x=\"%zu\" y=\"%d\" fill=\"%s\">%s</text>\n",
		LEFT + 500 + k * 180, 20, colour, name);
}
