/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pack.h"

#include "bits.h"
#include "check.h"

#include <math.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/* ---------------------------------------------------------------- single numbers */

static uint64_t zigzag(int64_t v)
{
	return v < 0 ? ~((uint64_t)v << 1) : (uint64_t)v << 1;
}

static int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

void pack_uint(struct buf *b, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	buf_add(b, bytes, n);
}

void pack_int(struct buf *b, int64_t v)
{
	pack_uint(b, zigzag(v));
}

bool unpack_uint(struct unpack *u, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (u->p == u->end)
			return false;
		v |= (uint64_t)(*u->p & 0x7f) << shift;
		if (!(*u->p++ & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

bool unpack_int(struct unpack *u, int64_t *ret)
{
	uint64_t v;

	if (!unpack_uint(u, &v))
		return false;
	*ret = unzigzag(v);
	return true;
}

bool pack_is_int(double v, int64_t *ret)
{
	/* The sign of -0 would be lost. */
	if (!(fabs(v) <= EXACT_MAX) || v != floor(v) || (v == 0 && signbit(v)))
		return false;
	*ret = (int64_t)v;
	return true;
}

/* ---------------------------------------------------------------- integers */

/* The zigzagged difference of order 1 or 2 at i >= 1; wraps, and unwraps the same way. */
static uint64_t difference(const int64_t *v, size_t i, unsigned order)
{
	uint64_t d = (uint64_t)v[i] - (uint64_t)v[i - 1];

	if (order == 2 && i > 1)
		d -= (uint64_t)v[i - 1] - (uint64_t)v[i - 2];
	return zigzag((int64_t)d);
}

static unsigned bit_length(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static size_t cost_of(const size_t count[65], unsigned w)
{
	size_t bits = count[0];

	for (unsigned len = 1; len <= 64; len++)
		bits += count[len] * (len <= w ? 2 + w : len <= 2 * w ? 3 + 2 * w : 67);
	return bits;
}

/* The best width for one order; 0 when every difference is. */
static unsigned choose_width(const int64_t *v, size_t n, unsigned order, size_t *ret_bits)
{
	size_t count[65] = { 0 };
	unsigned best = 0;

	for (size_t i = 1; i < n; i++)
		count[bit_length(difference(v, i, order))]++;
	*ret_bits = n && count[0] == n - 1 ? 0 : SIZE_MAX;
	if (*ret_bits == 0)
		return 0;
	for (unsigned w = 1; w <= 32; w++) {
		size_t bits = cost_of(count, w);

		if (bits < *ret_bits) {
			*ret_bits = bits;
			best = w;
		}
	}
	return best;
}

static void put_difference(struct bits *o, uint64_t d, unsigned w)
{
	unsigned len = bit_length(d);

	if (len == 0) {
		bits_put(o, 0, 1);
	} else if (len <= w) {
		bits_put(o, 2, 2);
		bits_put(o, d, w);
	} else if (len <= 2 * w) {
		bits_put(o, 6, 3);
		bits_put(o, d, 2 * w);
	} else {
		bits_put(o, 7, 3);
		bits_put(o, d, 64);
	}
}

/* Straight lines: order 2 with the first difference as a number of its own, width 0. */
static bool is_line(const int64_t *v, size_t n)
{
	for (size_t i = 2; i < n; i++)
		if (difference(v, i, 2) != 0)
			return false;
	return true;
}

void pack_ints(struct buf *b, const int64_t *v, size_t n)
{
	struct bits o = { .b = b };
	unsigned order, w[3];
	size_t bits[3];

	if (n == 0)
		return;
	if (is_line(v, n)) {
		buf_putc(b, 0);
		pack_int(b, v[0]);
		pack_int(b, n > 1 ? (int64_t)((uint64_t)v[1] - (uint64_t)v[0]) : 0);
		return;
	}
	w[1] = choose_width(v, n, 1, &bits[1]);
	w[2] = choose_width(v, n, 2, &bits[2]);
	order = bits[1] <= bits[2] ? 1 : 2;
	buf_putc(b, (char)(order << 6 | w[order]));
	pack_int(b, v[0]);
	for (size_t i = 1; i < n; i++)
		put_difference(&o, difference(v, i, order), w[order]);
	bits_flush(&o);
}

static bool get_difference(struct bit_reader *r, unsigned w, uint64_t *ret)
{
	uint64_t bit;

	*ret = 0;
	if (!bits_get(r, 1, &bit))
		return false;
	if (!bit)
		return true;
	if (!bits_get(r, 1, &bit))
		return false;
	if (!bit)
		return bits_get(r, w, ret);
	if (!bits_get(r, 1, &bit))
		return false;
	return bits_get(r, bit ? 64 : 2 * w, ret);
}

static bool unpack_line(struct unpack *u, int64_t *ret, size_t n)
{
	int64_t first, step;

	if (!unpack_int(u, &first) || !unpack_int(u, &step))
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = (int64_t)((uint64_t)first + i * (uint64_t)step);
	return true;
}

bool unpack_ints(struct unpack *u, int64_t *ret, size_t n)
{
	struct bit_reader r = { .u = u };
	uint64_t step = 0, d;
	unsigned order, w;

	if (n == 0)
		return true;
	if (u->p == u->end)
		return false;
	order = *u->p >> 6;
	w = *u->p++ & 63;
	if (order == 0)
		return w == 0 && unpack_line(u, ret, n);
	if (order > 2 || w < 1 || w > 32 || !unpack_int(u, &ret[0]))
		return false;
	for (size_t i = 1; i < n; i++) {
		if (!get_difference(&r, w, &d))
			return false;
		step = (uint64_t)unzigzag(d) + (order == 2 ? step : 0);
		ret[i] = (int64_t)((uint64_t)ret[i - 1] + step);
	}
	return true;
}
