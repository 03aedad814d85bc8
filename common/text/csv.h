/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - time series read from text: lines of timestamp,value.
 *
 * A timestamp is RFC 3339, or Unix time as a number: seconds, or milliseconds when above
 * 1e11 (the year 5138 in seconds). A value is a number of 0 or more, or empty: a stated
 * gap. A comma, a semicolon or a tab is between them. The first line may be a head: it
 * begins with no digit. Empty lines and those that begin with # are passed over.
 */
#ifndef COMMON_TEXT_CSV_H
#define COMMON_TEXT_CSV_H

#include "cleanup.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

struct csv_point {
	int64_t t_ms; /* Unix time, 0 or more */
	double v;     /* NaN: a stated gap */
	size_t line;  /* where it stood, from 1 */
};
struct csv_points {
	struct csv_point *v;
	size_t n, cap;
	size_t max; /* set by the owner before the first is added */
};
void csv_points_done(struct csv_points *p);
DEFINE_CLEANUP_OBJECT(struct csv_points, csv_points_done);

/* ERR_INVAL for a time or value that cannot be, ERR_LIMIT beyond p->max. */
int csv_add(struct csv_points *p, int64_t t_ms, double v, size_t line,
	    struct err *err) MUST_CHECK;

/* Appends the points of a text, in its order; errors name the line. */
int csv_read(const char *text, size_t len, struct csv_points *ret,
	     struct err *err) MUST_CHECK;

/* By time; of several with one time the one of the latest line stays. O(n log n). */
void csv_sort(struct csv_points *p);

/* The n - 1 distances between neighbours of sorted points, smallest first;
 * the caller's. */
int64_t *csv_steps(const struct csv_points *p);

#endif
