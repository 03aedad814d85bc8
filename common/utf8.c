/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "utf8.h"

#include <string.h>
#include <unistr.h>

#define INCOMPLETE (-2) /* answer of u8_mbtoucr(); -1: not UTF-8 */

size_t utf8_rune(const char *s, size_t n, uint32_t *rune)
{
	int len = 0;

	*rune = 0;
	if (n)
		len = u8_mbtoucr(rune, (const uint8_t *)s, n);
	return len > 0 ? (size_t)len : 1;
}

void utf8_put(struct buf *out, uint32_t r)
{
	uint8_t bytes[6];
	int len = u8_uctomb(bytes, r, sizeof(bytes));

	if (len < 0)
		len = u8_uctomb(bytes, 0xfffd, sizeof(bytes));
	buf_add(out, bytes, (size_t)len);
}

size_t utf8_fit(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	if (n > max)
		for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	return n;
}

void utf8_mend(char *text)
{
	size_t left = strlen(text);
	uint32_t rune;

	for (int n; left; text += n, left -= (size_t)n) {
		n = u8_mbtoucr(&rune, (const uint8_t *)text, left);
		if (n == INCOMPLETE) {
			*text = '\0';
			return;
		}
		if (n < 0) {
			*text = '?';
			n = 1;
		}
	}
}

/* Line and paragraph ends; marks of direction, which reorder what is shown. */
static bool is_plain_rune(uint32_t r)
{
	return r >= 0x20 && !(r >= 0x7f && r < 0xa0) && r != 0x200e && r != 0x200f &&
	       !(r >= 0x2028 && r <= 0x202e) && !(r >= 0x2066 && r <= 0x2069);
}

bool utf8_is_plain(const char *text, size_t max)
{
	size_t left = strnlen(text, max + 1);
	uint32_t rune;

	if (left > max)
		return false;
	for (int n; left; text += n, left -= (size_t)n) {
		n = u8_mbtoucr(&rune, (const uint8_t *)text, left);
		if (n <= 0 || !is_plain_rune(rune))
			return false;
	}
	return true;
}

void utf8_make_plain(char *text, size_t max)
{
	char *to = text;
	size_t left;
	uint32_t rune;

	text[utf8_fit(text, max)] = '\0';
	utf8_mend(text);
	left = strlen(text);
	for (int n; left; text += n, left -= (size_t)n) {
		n = u8_mbtoucr(&rune, (const uint8_t *)text, left);
		if (n > 0 && is_plain_rune(rune)) {
			memmove(to, text, (size_t)n);
			to += n;
		} else {
			n = n > 0 ? n : 1;
			*to++ = '?';
		}
	}
	*to = '\0';
}
