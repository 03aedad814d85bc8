/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base64.h"

#include "check.h"

#include <stdint.h>
#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *to, const void *data, size_t n)
{
	const uint8_t *in = data;
	char out[4 * 256];
	size_t len = 0;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = MIN(n - i, 3);
		uint32_t bits = (uint32_t)in[i] << 16;

		if (have > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			bits |= in[i + 2];
		out[len++] = digits[bits >> 18];
		out[len++] = digits[bits >> 12 & 63];
		out[len++] = have > 1 ? digits[bits >> 6 & 63] : '=';
		out[len++] = have > 2 ? digits[bits & 63] : '=';
		if (len == sizeof(out)) {
			buf_add(to, out, len);
			len = 0;
		}
	}
	buf_add(to, out, len);
}

/* 0 to 63, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Four characters, the last pad of them '='; false when they are no base64. */
static bool decode_group(const char *in, size_t pad, char *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i < 4 - pad ? value_of(in[i]) : 0;

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	if (pad && (bits & (pad == 1 ? 0xffu : 0xffffu)) != 0)
		return false;
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (char)(bits >> (16 - 8 * i));
	return true;
}

int base64_decode(const char *text, size_t n, char **ret, size_t *ret_len,
		  struct err *err)
{
	CLEANUP(free) char *out = NULL;
	size_t pad = 0;
	size_t len;

	if (n % 4 != 0)
		return err_set(err, ERR_INVAL, "base64 of %zu characters", n);
	while (pad < 2 && pad < n && text[n - 1 - pad] == '=')
		pad++;
	len = n / 4 * 3 - pad;
	out = xmalloc(len + 1);
	for (size_t i = 0; i < n; i += 4)
		if (!decode_group(text + i, i + 4 == n ? pad : 0, out + i / 4 * 3))
			return err_set(err, ERR_INVAL,
				       "no base64 at character %zu or the next three", i);
	out[len] = '\0';
	*ret = TAKE(out);
	*ret_len = len;
	return 0;
}
