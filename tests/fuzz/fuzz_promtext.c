/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes in by POST /v1/metrics; what is accepted must be fit for
 * the database. */
#include "check.h"
#include "metrics.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(promtext_done) struct promtext p = { .n = 0 };
	struct label extra[] = { { "stack", "s" }, { "tier", "t\"\\\n" } };
	struct err e;

	if (promtext_parse((const char *)data, size, extra, 2, 1000, 500, &p, &e) < 0)
		return 0;
	CHECK(p.n <= 500);
	for (size_t i = 0; i < p.n; i++) {
		const char *pos = p.v[i].labels;
		struct label_span l;

		CHECK(labels_metric_ok(p.v[i].name) && isfinite(p.v[i].v));
		CHECK(labels_get(p.v[i].labels, "stack", &l));
		while (labels_next(&pos, &l))
			CHECK(l.value_len > 0);
		CHECK(*pos == '\0');
	}
	return 0;
}
