/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sealed.h - a block of bytes that is saved as it is, with a checksum behind it.
 */
#ifndef PREDICTOR_DEMAND_SEALED_H
#define PREDICTOR_DEMAND_SEALED_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

/* What such a block starts with. */
struct sealed_head {
	uint32_t magic;
	uint32_t version;
	size_t size; /* bytes of all of it, without the checksum */
};

/* Bytes of a sealed block. */
static inline size_t sealed_size(size_t size)
{
	return size + sizeof(uint64_t);
}

void sealed_write(const void *block, size_t size, void *ret);

/*
 * Whether data is a block of this magic and version, whole, with at least `least` bytes.
 * what: "a demand model", in messages.
 */
int sealed_check(const void *data, size_t len, const struct sealed_head *want,
		 size_t least, const char *what, struct err *err) MUST_CHECK;

#endif
