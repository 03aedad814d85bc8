/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bits.h - numbers written and read bit by bit, for pack.c.
 */
#ifndef DB_SAMPLES_BITS_H
#define DB_SAMPLES_BITS_H

#include "pack.h"

struct bits {
	struct buf *b;
	uint64_t acc;
	unsigned n; /* bits in acc, under 8 between calls */
};

void bits_put(struct bits *o, uint64_t v, unsigned n);
/* Up to the next byte. */
void bits_flush(struct bits *o);

struct bit_reader {
	struct unpack *u;
	uint64_t acc;
	unsigned n;
};

/* False at the end of the bytes. */
bool bits_get(struct bit_reader *r, unsigned n, uint64_t *ret);

#endif
