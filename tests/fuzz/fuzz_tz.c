/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_tz.c - time zone files. */
#include "calendar.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(tz_free) struct tz *z = NULL;
	struct err e;

	if (tz_parse(data, size, &z, &e) < 0)
		return 0;
	for (int64_t year = 1960; year < 2110; year += 3) {
		int64_t ms =
			(tz_day_number((int)year, 1 + (int)(year % 12), 9)) * 86400000;
		struct tz_civil c;

		tz_civil(z, ms, &c);
		CHECK(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31);
		CHECK(c.weekday >= 0 && c.weekday < 7 && c.minute >= 0 &&
		      c.minute < 1440);
		CHECK(tz_day_number(c.year, c.month, c.day) == c.day_number);
	}
	return 0;
}
