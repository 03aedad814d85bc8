/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_csv.c - points as people hand them to forecast, backtest and import: as an evenly
 * stepped series, and as minutes of a tier's past.
 */
#include "check.h"
#include "files.h"
#include "metrics.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_series(const char *text, size_t size)
{
	CLEANUP(series_done) struct series s = { 0 };
	struct err e = { 0 };

	if (series_read(text, size, "input", &s, &e) < 0) {
		CHECK(*e.msg);
		return;
	}
	CHECK(s.n >= 2 && s.step_ms >= 1000 && s.missing < s.n);
	for (size_t i = 0; i < s.n; i++)
		CHECK(isnan(s.y[i]) || (s.y[i] >= 0 && isfinite(s.y[i])));
}

static void check_minutes(const char *text, size_t size)
{
	CLEANUP(csv_points_done) struct csv_points p = { .max = HISTORY_POINTS_MAX };
	CLEANUP(history_done) struct history h = { 0 };
	struct err e = { 0 };

	if (csv_read(text, size, &p, &e) < 0 || history_minutes(&p, &h, &e) < 0) {
		CHECK(*e.msg);
		return;
	}
	CHECK(h.n >= 1 && h.n_lines == p.n && h.last_ms >= h.from_ms);
	for (size_t i = 0; i < h.n; i++)
		CHECK(isnan(h.v[i]) || h.v[i] >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_series((const char *)data, size);
	check_minutes((const char *)data, size);
	return 0;
}
