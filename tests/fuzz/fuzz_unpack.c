/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed columns from a damaged database; what can be read can be packed again. */
#include "check.h"
#include "pack.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double v[64], back[64];
	struct unpack u = { data, data + size }, again;
	CLEANUP(buf_done) struct buf b;
	int64_t t[64];

	buf_init(&b, 1 << 16);
	if (!unpack_ints(&u, t, 64) || !unpack_doubles(&u, v, 64))
		return 0;
	CHECK(u.p <= u.end);
	pack_doubles(&b, v, 64);
	again = (struct unpack){ (const uint8_t *)buf_str(&b), NULL };
	again.end = again.p + b.len;
	CHECK(unpack_doubles(&again, back, 64));
	CHECK(memcmp(v, back, sizeof(v)) == 0);
	return 0;
}
