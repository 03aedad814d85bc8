/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage_row.h - a row of what a simulation of intervals saw: name, level stated, share
 * that was held, times tried; for bench_coverage.py.
 */
#ifndef TESTS_BENCH_COVERAGE_ROW_H
#define TESTS_BENCH_COVERAGE_ROW_H

#include <stdio.h>

struct coverage_row {
	size_t held, tried;
};

static inline void coverage_row_note(struct coverage_row *r, int is_held)
{
	r->held += is_held != 0;
	r->tried++;
}

static inline void coverage_row_print(const char *name, double stated,
				      const struct coverage_row *r)
{
	printf("%s\t%g\t%.4f\t%zu\n", name, stated, (double)r->held / (double)r->tried,
	       r->tried);
}

#endif
