/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hex.h"

#include <nettle/base16.h>

void hex_encode(const void *data, size_t n, char *ret)
{
	base16_encode_update(ret, n, data);
	ret[BASE16_ENCODE_LENGTH(n)] = '\0';
}
