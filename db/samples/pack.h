/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.h - columns of numbers in few bytes. Lossless: unpacking returns the same bits.
 *
 * A column begins on a byte and contains all that is needed to read it except its length
 * n. Integers: the first value, then deltas or deltas of deltas, whichever are shorter,
 * as 0 for none, 10 and w bits, 110 and 2w bits, or 111 and 64 bits; w is chosen per
 * column; a column on a straight line takes its first values only. Doubles that are
 * decimals with few places (most are) are packed as integers; others as the bits that
 * differ from the value before.
 *
 * Source of the two ideas: Pelkonen et al., Gorilla: A Fast, Scalable, In-Memory Time
 * Series Database, VLDB 2015, section 4.1; here with integers and a width per column.
 */
#ifndef DB_SAMPLES_PACK_H
#define DB_SAMPLES_PACK_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

void pack_uint(struct buf *b, uint64_t v); /* 7 bits per byte */
void pack_int(struct buf *b, int64_t v);   /* small for small absolute values */
void pack_ints(struct buf *b, const int64_t *v, size_t n);
void pack_doubles(struct buf *b, const double *v, size_t n);

/* Reading never passes end; false when the bytes are invalid. */
struct unpack {
	const uint8_t *p, *end;
};
bool unpack_uint(struct unpack *u, uint64_t *ret);
bool unpack_int(struct unpack *u, int64_t *ret);
bool unpack_ints(struct unpack *u, int64_t *ret, size_t n);
bool unpack_doubles(struct unpack *u, double *ret, size_t n);

/* v as an integer when it is one of at most 2^53; else false. */
bool pack_is_int(double v, int64_t *ret);

#endif
