/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samples.h"

#include "check.h"
#include "text.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

/* What the controller takes of one sample; those of its source are short. */
#define LABELS_MAX 32
#define LABELS_MAX_BYTES 1600u

/* What the sample's source sets; an exporter's own label of that name is renamed, as
 * Prometheus does. */
static const char *const of_source[] = { "host", "stack", "tier", "unit" };

static bool is_utf8(const char *text)
{
	for (size_t n = strlen(text); n;) {
		uint32_t rune;
		size_t k = utf8_rune(text, n, &rune);

		/* A replacement character has three bytes; one byte is none. */
		if (rune == 0xfffd && k == 1)
			return false;
		text += k;
		n -= k;
	}
	return true;
}

static bool has_label(const struct collect_label *labels, const char *name)
{
	for (; labels && labels->name; labels++)
		if (strcmp(labels->name, name) == 0)
			return true;
	return false;
}

static bool is_of_source(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_source); i++)
		if (strcmp(name, of_source[i]) == 0)
			return true;
	return false;
}

static bool can_be_sent(const char *name, const struct collect_label *labels)
{
	size_t n = ARRAY_SIZE(of_source), bytes = 0;

	if (!is_utf8(name))
		return false;
	for (; labels && labels->name; labels++) {
		n++;
		bytes += strlen(labels->name) + strlen(labels->value);
		if (n > LABELS_MAX || bytes > LABELS_MAX_BYTES ||
		    !is_utf8(labels->name) || !is_utf8(labels->value) ||
		    has_label(labels + 1, labels->name))
			return false;
	}
	return true;
}

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

static void add_own_label(struct buf *b, bool *first, const struct collect_label *all,
			  const struct collect_label *l)
{
	CLEANUP(free) char *name = xstrdup(l->name);

	if (is_of_source(name)) {
		do {
			char *longer = xasprintf("exported_%s", name);

			free(name);
			name = longer;
		} while (has_label(all, name));
	}
	add_label(b, first, name, l->value);
}

bool sample_add(struct buf *to, const struct sample_source *source, int64_t at_ms,
		const char *name, const struct collect_label *labels, bool counter,
		double value)
{
	const char *const values[] = { source->host, source->stack, source->tier,
				       source->unit };
	bool first = true;

	if (!can_be_sent(name, labels))
		return false;
	if (!isfinite(value))
		return true;
	buf_puts(to, to->len ? ",{\"n\":" : "{\"n\":");
	json_add_string(to, name);
	buf_puts(to, ",\"l\":{");
	for (size_t i = 0; i < ARRAY_SIZE(of_source); i++)
		add_label(to, &first, of_source[i], values[i]);
	for (const struct collect_label *l = labels; l && l->name; l++)
		add_own_label(to, &first, labels, l);
	buf_printf(to, "},\"k\":\"%c\",\"t\":%lld,\"v\":%.15g}", counter ? 'c' : 'g',
		   (long long)at_ms, value);
	return true;
}
