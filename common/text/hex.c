/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hex.h"

void hex_encode(const void *data, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < n; i++) {
		*ret++ = digits[bytes[i] >> 4];
		*ret++ = digits[bytes[i] & 15];
	}
	*ret = '\0';
}
