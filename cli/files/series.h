/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series.h - an evenly stepped series out of a file of timestamp,value lines
 * (common/text/csv.h).
 *
 * Lines may be in any order. The step is the most frequent interval between two; lines
 * between steps are rejected, steps without a line are missing, of a repeated time the
 * last line is used.
 */
#ifndef CLI_FILES_SERIES_H
#define CLI_FILES_SERIES_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

#define SERIES_VALUES_MAX 10000000

struct series {
	double *y; /* [n]; NaN: missing */
	size_t n, missing, repeated;
	int64_t t0_ms, step_ms;
};

/* what: names the text in errors, which have the line too. */
int series_read(const char *text, size_t len, const char *what, struct series *ret,
		struct err *err) MUST_CHECK;
int series_open(const char *path, struct series *ret, struct err *err) MUST_CHECK;
void series_done(struct series *s);
DEFINE_CLEANUP_OBJECT(struct series, series_done);

#endif
