/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of doubles. */
#include "pack.h"

#include "bits.h"
#include "check.h"

#include <math.h>
#include <string.h>

#define DECIMALS_MAX 6
#define MODE_XOR 15u

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

	bits_put(&o, bits_of(v[0]), 64);
	for (size_t i = 1; i < n; i++) {
		uint64_t x = bits_of(v[i]) ^ bits_of(v[i - 1]);
		unsigned l, t;

		if (!x) {
			bits_put(&o, 0, 1);
			continue;
		}
		l = (unsigned)__builtin_clzll(x);
		t = (unsigned)__builtin_ctzll(x);
		if (len && l >= lead && t >= 64 - lead - len) {
			bits_put(&o, 2, 2);
		} else {
			lead = l;
			len = 64 - l - t;
			bits_put(&o, 3, 2);
			bits_put(&o, lead, 6);
			bits_put(&o, len - 1, 6);
		}
		bits_put(&o, x >> (64 - lead - len), len);
	}
	bits_flush(&o);
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

	if (!bits_get(r, 6, &a) || !bits_get(r, 6, &c))
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

	if (!bits_get(&r, 64, &cur))
		return false;
	memcpy(&ret[0], &cur, sizeof(cur));
	for (size_t i = 1; i < n; i++) {
		if (!bits_get(&r, 1, &bit))
			return false;
		if (bit) {
			if (!bits_get(&r, 1, &bit) ||
			    (bit && !get_window(&r, &lead, &len)) || len == 0 ||
			    !bits_get(&r, len, &x))
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
