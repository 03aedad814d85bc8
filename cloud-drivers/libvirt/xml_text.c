/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xml_text.h"

#include "utf8.h"

#include <string.h>

void xml_put_text(struct buf *b, const char *value)
{
	for (; *value; value++)
		switch (*value) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '\'':
			buf_puts(b, "&apos;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\r': /* otherwise a reader takes it for a line's end */
			buf_puts(b, "&#13;");
			break;
		default:
			buf_putc(b, *value);
		}
}

void xml_put(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "<%s>", name);
	xml_put_text(b, value);
	buf_printf(b, "</%s>", name);
}

bool xml_can_hold(const char *text, size_t len)
{
	uint32_t rune = 0;

	for (size_t i = 0; i < len; i += utf8_rune(text + i, len - i, &rune)) {
		const unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || rune == 0xfffd)
			return false;
	}
	return rune != 0xfffd;
}

bool xml_attribute(const char *doc, const char *begin, char *ret, size_t size)
{
	const char *from = strstr(doc, begin);
	const size_t n = from ? strcspn(from + strlen(begin), "'") : 0;

	if (!from || n >= size)
		return false;
	memcpy(ret, from + strlen(begin), n);
	ret[n] = '\0';
	return true;
}
