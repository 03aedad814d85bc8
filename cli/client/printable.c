/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "printable.h"

#include "buf.h"
#include "check.h"
#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <uniwidth.h>

#define TEXT_MAX_BYTES ((size_t)512 << 20)

/* What follows is shown in another order than it is read: U+202A to U+202E, U+2066 to
 * U+2069; two more separate lines. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

char *printable(const char *text, const char *keep)
{
	CLEANUP(buf_done) struct buf out;
	size_t n = strlen(text);

	buf_init(&out, TEXT_MAX_BYTES);
	while (n > 0) {
		uint32_t c;
		size_t len = utf8_rune(text, n, &c);
		bool is_invalid = len == 1 && (unsigned char)*text >= 0x80;

		if (is_invalid || (c < 0x100 && is_control(c) && !strchr(keep, (int)c)))
			buf_printf(&out, "\\x%02x",
				   is_invalid ? (unsigned char)*text : (unsigned)c);
		else if (c >= 0x100 && is_control(c))
			buf_printf(&out, "\\u%04x", (unsigned)c);
		else
			buf_add(&out, text, len);
		text += len;
		n -= len;
	}
	return xstrdup(buf_str(&out));
}

static void make_printable(json_t *string)
{
	CLEANUP(free) char *text = printable(json_string_value(string), "\n\t");

	if (strcmp(text, json_string_value(string)) != 0)
		(void)json_string_set(string, text);
}

void printable_doc(json_t *doc)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(doc))
		make_printable(doc);
	json_array_foreach(doc, i, v) printable_doc(v);
	/* A cursor goes back as it came. */
	json_object_foreach(doc, key, v) if (strcmp(key, "next") != 0) printable_doc(v);
}

size_t printable_width(const char *text)
{
	int n = u8_strwidth((const uint8_t *)text, "UTF-8");

	return n > 0 ? (size_t)n : 0;
}
