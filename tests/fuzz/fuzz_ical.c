/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_ical.c - iCalendar files of any content: read in bounded time, or rejected. */
#include "calendar.h"
#include "check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ical_opts o = {
		.what = "f.ics",
		.from_ms = INT64_C(1732000000000),
		.to_ms = INT64_C(1827000000000),
		.keys = { "X-FORETIDE-UPLIFT", "X-FORETIDE-TIERS" },
	};
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(ical_done) struct ical c = { 0 };
	struct err e;

	if (ical_read(text, &o, &c, &e) < 0) {
		CHECK(strncmp(e.msg, "f.ics", 5) == 0);
		CHECK(c.n == 0 && c.n_sources == 0);
		return 0;
	}
	for (size_t i = 0; i < c.n; i++) {
		CHECK(c.v[i].source < c.n_sources && c.sources[c.v[i].source].name);
		CHECK(c.v[i].start_ms < c.v[i].end_ms);
		CHECK(c.v[i].end_ms > o.from_ms && c.v[i].start_ms < o.to_ms);
		CHECK(i == 0 || c.v[i].start_ms >= c.v[i - 1].start_ms);
	}
	return 0;
}
