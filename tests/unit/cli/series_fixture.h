/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series_fixture.h - a CSV file with a day that repeats, for forecasts and backtests.
 */
#ifndef TESTS_UNIT_CLI_SERIES_FIXTURE_H
#define TESTS_UNIT_CLI_SERIES_FIXTURE_H

#include "cli_fixture.h"

#include <math.h>

#define SERIES_FROM_S 1767225600 /* 2026-01-01T00:00:00Z */

/* days.csv: so many days of hours, from 50 to 150. */
static inline void write_days(int days)
{
	CLEANUP(buf_done) struct buf text;

	buf_init(&text, 1 << 20);
	for (int i = 0; i < 24 * days; i++)
		buf_printf(&text, "%d,%.0f\n", SERIES_FROM_S + 3600 * i,
			   100 + 50 * sin(M_PI / 12 * i));
	cli_write("days.csv", buf_str(&text));
}

/* A file's text, the caller's. */
static inline char *cli_read(const char *file)
{
	char *text = NULL;

	assert_int_equal(conf_read_file(file, 1 << 20, &text, NULL, NULL), 0);
	return text;
}

#endif
