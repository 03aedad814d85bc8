/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_calendar.c - schedules of a tier as operators write them, one a line. */
#include "check.h"
#include "rule.h"
#include "text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_lines(struct calendar *c, char *text)
{
	char *line;
	struct err e;

	while ((line = strsep(&text, "\n")))
		if (calendar_add(c, line, &e) < 0)
			CHECK(*e.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(calendar_done) struct calendar c = { 0 };
	CLEANUP(calendar_done) struct calendar again = { 0 };
	CLEANUP(json_decref) json_t *list = NULL;
	struct calendar_bounds b;
	struct err e;

	add_lines(&c, text);
	for (int64_t t = 0; t < 14; t++) {
		calendar_bounds(&c, NULL, INT64_C(1795000000000) + t * 43210000, 600000,
				&b);
		CHECK(b.floor >= -1 && b.ceiling >= -1);
		CHECK((b.floor < 0) == !b.floor_name &&
		      (b.ceiling < 0) == !b.ceiling_name);
	}
	list = calendar_format(&c);
	CHECK(calendar_parse(list, &again, &e) == 0 && again.n == c.n);
	return 0;
}
