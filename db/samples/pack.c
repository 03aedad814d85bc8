/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pack.h"

#include "check.h"

#include <math.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53 */
#define DECIMALS_MAX 6
#define MODE_XOR 15u

/* ---------------------------------------------------------------- bits */

struct bits {
	struct buf *b;
	uint64_t acc;
	unsigned n; /* bits in acc, under 8 between calls */
};

static void put_bits(struct bits *o, uint64_t v, unsigned n)
{
	if (n > 32) {
		put_bits(o, v >> 32, n - 32);
		n = 32;
		v &= 0xffffffffu;
	}
	o->acc = o->acc << n | v;
	o->n += n;
	while (o->n >= 8) {
		o->n -= 8;
		buf_putc(o->b, (char)(o->acc >> o->n));
	}
	o->acc &= 0xff;
}

static void flush_bits(struct bits *o)
{
	if (o->n)
		put_bits(o, 0, 8 - o->n);
}

struct bit_reader {
	struct unpack *u;
	uint64_t acc;
	unsigned n;
};

static bool get_bits(struct bit_reader *r, unsigned n, uint64_t *ret)
{
	uint64_t high = 0;

	if (n > 32) {
		if (!get_bits(r, n - 32, &high))
			return false;
		n = 32;
	}
	while (r->n < n) {
		if (r->u->p == r->u->end)
			return false;
		r->acc = r->acc << 8 | *r->u->p++;
		r->n += 8;
	}
	r->n -= n;
	*ret = high << n | (r->acc >> r->n & ((1ull << n) - 1));
	return true;
}

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
		put_bits(o, 0, 1);
	} else if (len <= w) {
		put_bits(o, 2, 2);
		put_bits(o, d, w);
	} else if (len <= 2 * w) {
		put_bits(o, 6, 3);
		put_bits(o, d, 2 * w);
	} else {
		put_bits(o, 7, 3);
		put_bits(o, d, 64);
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
	flush_bits(&o);
}

static bool get_difference(struct bit_reader *r, unsigned w, uint64_t *ret)
{
	uint64_t bit;

	*ret = 0;
	if (!get_bits(r, 1, &bit))
		return false;
	if (!bit)
		return true;
	if (!get_bits(r, 1, &bit))
		return false;
	if (!bit)
		return get_bits(r, w, ret);
	if (!get_bits(r, 1, &bit))
		return false;
	return get_bits(r, bit ? 64 : 2 * w, ret);
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

/* ---------------------------------------------------------------- doubles */

static const double powers[DECIMALS_MAX + 1] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };

static bool as_decimal(double v, unsigned places, int64_t *ret)
{
	double scaled = rint(v * powers[places]);

	return pack_is_int(scaled, ret) && scaled / powers[places] == v &&
	       (v != 0 || !signbit(v));
}

/* Fewest decimal places with which all of v can be written, into whole; or -1. */
static int decimal_places(const double *v, int64_t *whole, size_t n)
{
	unsigned places = 0;

	for (size_t i = 0; i < n; i++)
		while (!as_decimal(v[i], places, &whole[i]))
			if (++places > DECIMALS_MAX)
				return -1;
	for (size_t i = 0; places && i < n; i++)
		if (!as_decimal(v[i], places, &whole[i]))
			return -1;
	return (int)places;
}

static uint64_t bits_of(double v)
{
	uint64_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

/* 0: as before. 10: within the window of significant bits before. 11: a new window. */
static void put_xors(struct buf *b, const double *v, size_t n)
{
	struct bits o = { .b = b };
	unsigned lead = 64, len = 0;

	put_bits(&o, bits_of(v[0]), 64);
	for (size_t i = 1; i < n; i++) {
		uint64_t x = bits_of(v[i]) ^ bits_of(v[i - 1]);
		unsigned l, t;

		if (!x) {
			put_bits(&o, 0, 1);
			continue;
		}
		l = (unsigned)__builtin_clzll(x);
		t = (unsigned)__builtin_ctzll(x);
		if (len && l >= lead && t >= 64 - lead - len) {
			put_bits(&o, 2, 2);
		} else {
			lead = l;
			len = 64 - l - t;
			put_bits(&o, 3, 2);
			put_bits(&o, lead, 6);
			put_bits(&o, len - 1, 6);
		}
		put_bits(&o, x >> (64 - lead - len), len);
	}
	flush_bits(&o);
}

void pack_doubles(struct buf *b, const double *v, size_t n)
{
	CLEANUP(free) int64_t *whole = NULL;
	int places;

	if (n == 0)
		return;
	whole = xmalloc(n * sizeof(*whole));
	places = decimal_places(v, whole, n);
	if (places >= 0) {
		buf_putc(b, (char)places);
		pack_ints(b, whole, n);
		return;
	}
	buf_putc(b, (char)MODE_XOR);
	put_xors(b, v, n);
}

static bool get_window(struct bit_reader *r, unsigned *lead, unsigned *len)
{
	uint64_t a, c;

	if (!get_bits(r, 6, &a) || !get_bits(r, 6, &c))
		return false;
	*lead = (unsigned)a;
	*len = (unsigned)c + 1;
	return *lead + *len <= 64;
}

static bool get_xors(struct unpack *u, double *ret, size_t n)
{
	struct bit_reader r = { .u = u };
	unsigned lead = 0, len = 0;
	uint64_t cur, bit, x;

	if (!get_bits(&r, 64, &cur))
		return false;
	memcpy(&ret[0], &cur, sizeof(cur));
	for (size_t i = 1; i < n; i++) {
		if (!get_bits(&r, 1, &bit))
			return false;
		if (bit) {
			if (!get_bits(&r, 1, &bit) ||
			    (bit && !get_window(&r, &lead, &len)) || len == 0 ||
			    !get_bits(&r, len, &x))
				return false;
			cur ^= x << (64 - lead - len);
		}
		memcpy(&ret[i], &cur, sizeof(cur));
	}
	return true;
}

bool unpack_doubles(struct unpack *u, double *ret, size_t n)
{
	CLEANUP(free) int64_t *whole = NULL;
	unsigned mode;

	if (n == 0)
		return true;
	if (u->p == u->end)
		return false;
	mode = *u->p++;
	if (mode == MODE_XOR)
		return get_xors(u, ret, n);
	if (mode > DECIMALS_MAX)
		return false;
	whole = xmalloc(n * sizeof(*whole));
	if (!unpack_ints(u, whole, n))
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = (double)whole[i] / powers[mode];
	return true;
}
