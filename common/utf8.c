/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "utf8.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_rune(const char *s, size_t n, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = n ? (unsigned char)s[0] : 0;
	size_t len = c < 0x80       ? 1
		     : c >> 5 == 6  ? 2
		     : c >> 4 == 14 ? 3
		     : c >> 3 == 30 ? 4
				    : 0;
	uint32_t r;

	*rune = 0xfffd;
	if (len == 1)
		*rune = c;
	if (len < 2 || len > n)
		return 1;
	r = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		r = r << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (r < least[len] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return 1;
	*rune = r;
	return len;
}

void utf8_put(struct buf *out, uint32_t r)
{
	if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		r = 0xfffd;
	if (r < 0x80) {
		buf_putc(out, (char)r);
		return;
	}
	if (r < 0x800) {
		buf_putc(out, (char)(0xc0 | r >> 6));
	} else {
		if (r < 0x10000) {
			buf_putc(out, (char)(0xe0 | r >> 12));
		} else {
			buf_putc(out, (char)(0xf0 | r >> 18));
			buf_putc(out, (char)(0x80 | (r >> 12 & 0x3f)));
		}
		buf_putc(out, (char)(0x80 | (r >> 6 & 0x3f)));
	}
	buf_putc(out, (char)(0x80 | (r & 0x3f)));
}

size_t utf8_fit(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	if (n > max)
		for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	return n;
}

/* Whether s [n] is the beginning of a character that wants more bytes than there are. */
static bool is_unfinished(const char *s, size_t n)
{
	const unsigned char c = (unsigned char)s[0];
	const size_t want = c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return false;
	return n < want;
}

void utf8_mend(char *text)
{
	size_t left = strlen(text), n;
	uint32_t rune;

	for (char *p = text; left; p += n, left -= n) {
		n = utf8_rune(p, left, &rune);
		if (n > 1 || rune != 0xfffd)
			continue;
		if (is_unfinished(p, left)) {
			*p = '\0';
			return;
		}
		*p = '?';
	}
}
