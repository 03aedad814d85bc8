/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samples.h"

#include <math.h>

void sample_add_string(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}

static void add_label(struct buf *b, bool *first, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	if (!*first)
		buf_putc(b, ',');
	*first = false;
	sample_add_string(b, name);
	buf_putc(b, ':');
	sample_add_string(b, value);
}

void sample_add(struct buf *to, const struct sample_source *source, int64_t at_ms,
		const char *name, const struct collect_label *labels, bool counter,
		double value)
{
	bool first = true;

	if (!isfinite(value))
		return;
	buf_puts(to, to->len ? ",{\"n\":" : "{\"n\":");
	sample_add_string(to, name);
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
