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
