/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samples.h"

#include "text.h"

#include <math.h>

static void add_label(struct buf *b, bool *first, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (!*first)
		buf_putc(b, ',');
	*first = false;
	json_add_string(b, name);
	buf_putc(b, ':');
	json_add_string(b, value);
}

void sample_add(struct buf *to, const struct sample_source *source, int64_t at_ms,
		const char *name, const struct collect_label *labels, bool counter,
		double value)
{
	bool first = true;

	if (!isfinite(value))
		return;
	buf_puts(to, to->len ? ",{\"n\":" : "{\"n\":");
	json_add_string(to, name);
	buf_puts(to, ",\"l\":{");
	add_label(to, &first, "host", source->host);
	add_label(to, &first, "stack", source->stack);
	add_label(to, &first, "tier", source->tier);
	add_label(to, &first, "unit", source->unit);
	for (; labels && labels->name; labels++)
		add_label(to, &first, labels->name, labels->value);
	buf_printf(to, "},\"k\":\"%c\",\"t\":%lld,\"v\":%.15g}", counter ? 'c' : 'g',
		   (long long)at_ms, value);
}
