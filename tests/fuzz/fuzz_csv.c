/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_csv.c - a series as people hand it to forecast, backtest and import. */
#include "check.h"
#include "csv.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(csv_done) struct csv_series s = { 0 };
	struct err e = { 0 };
	FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (!in)
		return 0;
	if (csv_read(in, "input", &s, &e) < 0) {
		CHECK(*e.msg);
	} else {
		CHECK(s.n >= 2 && s.step_ms >= 1000 && s.missing < s.n);
		for (size_t i = 0; i < s.n; i++)
			CHECK(isnan(s.y[i]) || (s.y[i] >= 0 && isfinite(s.y[i])));
	}
	fclose(in);
	return 0;
}
