/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bits.h"

void bits_put(struct bits *o, uint64_t v, unsigned n)
{
	if (n > 32) {
		bits_put(o, v >> 32, n - 32);
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

void bits_flush(struct bits *o)
{
	if (o->n)
		bits_put(o, 0, 8 - o->n);
}

bool bits_get(struct bit_reader *r, unsigned n, uint64_t *ret)
{
	uint64_t high = 0;

	if (n > 32) {
		if (!bits_get(r, n - 32, &high))
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
