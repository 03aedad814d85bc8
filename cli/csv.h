/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - a series out of a file: lines of "timestamp,value".
 *
 * A timestamp is Unix seconds or RFC 3339; an empty value is a missing one. A first line
 * that is no sample is taken for a header. Lines must ascend; the step is the most
 * frequent distance of two, lines between steps are refused, steps without a line are
 * missing, a repeated time counts once (the first).
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_VALUES_MAX 10000000

struct csv_series {
	double *y; /* [n]; NaN: missing */
	size_t n, missing, repeated;
	int64_t t0_ms, step_ms;
};

/* what names the file in errors; they name the line too. */
int csv_read(FILE *in, const char *what, struct csv_series *ret,
	     struct err *err) MUST_CHECK;
int csv_open(const char *path, struct csv_series *ret, struct err *err) MUST_CHECK;
void csv_done(struct csv_series *s);
DEFINE_CLEANUP_OBJECT(struct csv_series, csv_done);

#endif
