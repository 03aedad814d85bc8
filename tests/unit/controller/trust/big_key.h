/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * big_key.h - requests and certificates with RSA keys of any size, in DER, made up: to
 * find such a key would take hours, to check a signature by it seconds.
 */
#ifndef TESTS_BIG_KEY_H
#define TESTS_BIG_KEY_H

#include "buf.h"
#include "cleanup.h"

#include <stdlib.h>
#include <string.h>

#define DER_MAX (1u << 20)

static inline void der_add(struct buf *to, unsigned char tag, const void *data, size_t n)
{
	buf_putc(to, (char)tag);
	if (n >= 128) {
		buf_putc(to, (char)0x83);
		buf_putc(to, (char)(n >> 16));
		buf_putc(to, (char)(n >> 8));
	}
	buf_putc(to, (char)n);
	buf_add(to, data, n);
}

/* Puts all that is there under a tag, behind head. */
static inline void der_wrap(struct buf *b, unsigned char tag, const char *head, size_t n)
{
	struct buf all, whole;

	buf_init(&all, DER_MAX);
	buf_init(&whole, DER_MAX);
	buf_add(&all, head, n);
	buf_add(&all, b->data, b->len);
	der_add(&whole, tag, all.data, all.len);
	buf_done(&all);
	buf_done(b);
	*b = whole;
}

/* An odd number of exactly so many bits, which are a multiple of 8. */
static inline void der_add_number(struct buf *to, size_t bits, unsigned *seed)
{
	const size_t n = bits / 8;
	unsigned char *v = calloc(1, n + 1);

	for (size_t i = 1; i <= n; i++)
		v[i] = (unsigned char)rand_r(seed);
	v[1] |= 0x80;
	v[n] |= 1;
	der_add(to, 2, v, n + 1);
	free(v);
}

#define RSA_OID "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
#define SIGNED_OID "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define NAME_X "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"
#define VALIDITY           \
	"\x30\x1e\x17\x0d" \
	"250101000000Z"    \
	"\x17\x0d"         \
	"350101000000Z"
#define BYTES(text) text, sizeof(text) - 1

/* A SubjectPublicKeyInfo. */
static inline void der_key(struct buf *ret, size_t bits, size_t exponent_bits)
{
	unsigned seed = 7;

	buf_init(ret, DER_MAX);
	der_add_number(ret, bits, &seed);
	der_add_number(ret, exponent_bits, &seed);
	der_wrap(ret, 0x30, BYTES(""));
	der_wrap(ret, 3, BYTES("\0"));
	der_wrap(ret, 0x30, BYTES(RSA_OID));
}

/* What is there, signed with bytes that no key has signed. */
static inline void der_sign(struct buf *b, size_t bits)
{
	unsigned char *sig = calloc(1, bits / 8 + 1);

	memset(sig + 1, 0x11, bits / 8);
	buf_add(b, BYTES(SIGNED_OID));
	der_add(b, 3, sig, bits / 8 + 1);
	der_wrap(b, 0x30, BYTES(""));
	free(sig);
}

static inline void big_request(struct buf *ret, size_t bits, size_t exponent_bits)
{
	der_key(ret, bits, exponent_bits);
	buf_add(ret, BYTES("\xa0\x00"));
	der_wrap(ret, 0x30, BYTES("\x02\x01\x00" NAME_X));
	der_sign(ret, bits);
}

static inline void big_certificate(struct buf *ret, size_t bits, size_t exponent_bits)
{
	der_key(ret, bits, exponent_bits);
	der_wrap(ret, 0x30,
		 BYTES("\xa0\x03\x02\x01\x02"
		       "\x02\x01\x07" SIGNED_OID NAME_X VALIDITY NAME_X));
	der_sign(ret, 2048);
}

#endif
