/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Demand expressions as operators and programs send them. */
#include "check.h"
#include "metrics.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	const char *url, *query;
	struct err err = { 0 };

	if (metrics_expr_parse(text, "wp", "web", &e, &err) < 0)
		CHECK(*err.msg);
	else if (metrics_expr_prometheus(e, &url, &query))
		CHECK(*url && *query);
	return 0;
}
