/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fnv.h - a 64-bit digest against accidental changes (FNV-1a); not against forgery.
 */
#ifndef COMMON_FNV_H
#define COMMON_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

/* The digest of what h is the digest of and n bytes more; of nothing it is FNV_START. */
static inline uint64_t fnv(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Another digest of the same, for large data: eight bytes a step. */
static inline uint64_t fnv_large(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), p += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * UINT64_C(0x100000001b3);
		h ^= h >> 32; /* high bits count for low ones as well */
	}
	return fnv(h, p, n);
}

#endif
