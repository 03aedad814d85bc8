/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * svg.h - the elements of charts of time series: a frame with its scales, lines, bands
 * and their names.
 */
#ifndef CLI_OUTPUT_SVG_H
#define CLI_OUTPUT_SVG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct svg_frame {
	size_t n;          /* steps from the left to the right edge, 1 or more */
	double high;       /* value at the upper edge, above 0; the lower is 0 */
	double least_mark; /* of the scale: 1 for integer values */
	int64_t from_ms, step_ms;
};

/* The document's head, its title and scales; svg_end() ends it. Texts are XML. */
void svg_begin(FILE *out, const struct svg_frame *f, const char *title);
void svg_end(FILE *out);

/* y [n], the first at step `at` of the frame; broken where it is NaN. Of steps that share
 * a pixel the largest. */
void svg_line(FILE *out, const struct svg_frame *f, size_t at, const double *y, size_t n,
	      const char *colour, const char *width);
/* Filled between low [n] and high [n], neither NaN. */
void svg_band(FILE *out, const struct svg_frame *f, size_t at, const double *low,
	      const double *high, size_t n, const char *colour);
/* Beside the title, k-th of three. */
void svg_name(FILE *out, size_t k, const char *colour, const char *name);

#endif
