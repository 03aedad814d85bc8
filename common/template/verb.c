/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verb.h"

#include "check.h"
#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t runes_in(const char *s, size_t n)
{
	size_t count = 0;
	uint32_t r;

	for (size_t i = 0; i < n; i += utf8_rune(s + i, n - i, &r))
		count++;
	return count;
}

void tverb_padded(struct buf *out, const struct tverb *verb, const char *text, size_t n,
		  bool number)
{
	size_t have = runes_in(text, n);
	size_t fill = verb->has_width && (size_t)verb->width > have
			      ? (size_t)verb->width - have
			      : 0;
	bool zero = verb->zero && !verb->minus;

	if (fill && zero && number && n && (*text == '-' || *text == '+')) {
		buf_putc(out, *text++);
		n--;
	}
	for (size_t i = 0; i < fill && !verb->minus; i++)
		buf_putc(out, zero ? '0' : ' ');
	buf_add(out, text, n);
	for (size_t i = 0; i < fill && verb->minus; i++)
		buf_putc(out, ' ');
}

/* ---------------------------------------------------------------- numbers */

static size_t digits_of(uint64_t u, unsigned base, bool upper, char *text)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char reversed[64];
	size_t n = 0;

	do {
		reversed[n++] = set[u % base];
		u /= base;
	} while (u);
	for (size_t i = 0; i < n; i++)
		text[i] = reversed[n - 1 - i];
	return n;
}

static void put_int(struct buf *out, const struct tverb *verb, int64_t i, unsigned base,
		    const char *prefix)
{
	CLEANUP(buf_done) struct buf b;
	struct tverb plain = *verb;
	char digits[64];
	size_t n = digits_of(i < 0 ? -(uint64_t)i : (uint64_t)i, base, verb->c == 'X',
			     digits);

	buf_init(&b, 2 * TVERB_WIDTH_MAX);
	if (i < 0)
		buf_putc(&b, '-');
	else if (verb->plus || verb->space)
		buf_putc(&b, verb->plus ? '+' : ' ');
	buf_puts(&b, prefix);
	for (int z = (int)n; verb->has_precision && z < verb->precision; z++)
		buf_putc(&b, '0');
	if (verb->has_precision)
		plain.zero = false;
	buf_add(&b, digits, n);
	tverb_padded(out, &plain, buf_str(&b), b.len, true);
}

/* One character of a quoted string; s is its bytes. */
static void put_escaped(struct buf *b, uint32_t r, struct tstr s, char quote)
{
	static const char codes[] = "\a\b\f\n\r\t\v\\", names[] = "abfnrtv\\";
	const char *hit = r && r < 128 ? strchr(codes, (int)r) : NULL;

	if (hit)
		buf_printf(b, "\\%c", names[hit - codes]);
	else if (r == (unsigned char)quote)
		buf_printf(b, "\\%c", quote);
	else if (r < 0x20 || r == 0x7f || (r == 0xfffd && s.n == 1))
		buf_printf(b, "\\x%02x", (unsigned char)s.s[0]);
	else
		buf_add(b, s.s, s.n);
}

static void put_quoted(struct buf *b, struct tstr s)
{
	buf_putc(b, '"');
	for (size_t i = 0, n; i < s.n && !buf_is_full(b); i += n) {
		uint32_t r;

		n = utf8_rune(s.s + i, s.n - i, &r);
		put_escaped(b, r, (struct tstr){ .s = s.s + i, .n = n }, '"');
	}
	buf_putc(b, '"');
}

static void put_quoted_char(struct buf *b, uint32_t r)
{
	CLEANUP(buf_done) struct buf plain;

	buf_init(&plain, 8);
	utf8_put(&plain, r);
	buf_putc(b, '\'');
	put_escaped(b, r, (struct tstr){ .s = buf_str(&plain), .n = plain.len }, '\'');
	buf_putc(b, '\'');
}

static void put_char(struct buf *out, const struct tverb *verb, int64_t i)
{
	CLEANUP(buf_done) struct buf b;
	uint32_t r = i < 0 || i > 0x10ffff ? 0xfffd : (uint32_t)i;

	buf_init(&b, 64);
	if (verb->c == 'U')
		buf_printf(&b, "U+%04" PRIX64, (uint64_t)i);
	else if (verb->c == 'q')
		put_quoted_char(&b, r);
	else
		utf8_put(&b, r);
	tverb_padded(out, verb, buf_str(&b), b.len, false);
}

bool tverb_int(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	switch (verb->c) {
	case 'v':
	case 'd':
		put_int(out, verb, v->i, 10, "");
		break;
	case 'b':
		put_int(out, verb, v->i, 2, verb->sharp ? "0b" : "");
		break;
	case 'o':
		put_int(out, verb, v->i, 8, verb->sharp ? "0" : "");
		break;
	case 'O':
		put_int(out, verb, v->i, 8, "0o");
		break;
	case 'x':
	case 'X':
		put_int(out, verb, v->i, 16,
			!verb->sharp     ? ""
			: verb->c == 'x' ? "0x"
					 : "0X");
		break;
	case 'c':
	case 'q':
	case 'U':
		put_char(out, verb, v->i);
		break;
	default:
		return false;
	}
	return true;
}

/* One of C's formats; Go gives a hexadecimal exponent two digits. */
static void put_c_float(struct buf *b, const struct tverb *verb, double f)
{
	static const char letters[] = "eEfFgGxX";
	static const char *const formats[] = { "%.*e", "%.*E", "%.*f", "%.*F",
					       "%.*g", "%.*G", "%.*a", "%.*A" };
	const char *format = formats[strchr(letters, (int)verb->c) - letters];
	bool hex = strchr("xX", (int)verb->c) != NULL;
	int precision = verb->has_precision ? verb->precision : hex ? -1 : 6;
	char text[TVERB_WIDTH_MAX + 400], *p;
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	/* format is one of the literals above. */
	n = snprintf(text, sizeof(text), format, precision, f);
#pragma GCC diagnostic pop
	p = hex ? strpbrk(text, "pP") : NULL;
	if (p && strlen(p) == 3) {
		memmove(p + 3, p + 2, 2);
		p[2] = '0';
		n++;
	}
	buf_add(b, text, (size_t)n);
}

static void put_shortest(struct buf *b, const struct tverb *verb, double f)
{
	tval_print_float(b, f);
	for (size_t i = 0; verb->c == 'G' && i < b->len; i++)
		if (b->data[i] == 'e')
			b->data[i] = 'E';
}

bool tverb_float(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	CLEANUP(buf_done) struct buf b;
	struct tverb padded = *verb;
	bool shortest = strchr("vgG", (int)verb->c) && !verb->has_precision;

	buf_init(&b, 2 * TVERB_WIDTH_MAX);
	if (!strchr("veEfFgGxX", (int)verb->c))
		return false;
	if (padded.c == 'v')
		padded.c = 'g';
	if (shortest || !isfinite(v->f)) {
		put_shortest(&b, verb, v->f);
		padded.zero &= isfinite(v->f);
	} else {
		put_c_float(&b, &padded, v->f);
	}
	if (*buf_str(&b) != '-' && *buf_str(&b) != '+' && (verb->plus || verb->space)) {
		CLEANUP(free) char *digits = xstrdup(buf_str(&b));

		buf_clear(&b);
		buf_printf(&b, "%c%s", verb->plus ? '+' : ' ', digits);
	}
	tverb_padded(out, &padded, buf_str(&b), b.len, true);
	return true;
}

/* ---------------------------------------------------------------- strings */

static void put_hex(struct buf *b, const struct tverb *verb, struct tstr s)
{
	const char *prefix = verb->c == 'X' ? "0X" : "0x";

	for (size_t i = 0; i < s.n; i++) {
		if (i && verb->space)
			buf_putc(b, ' ');
		if (verb->sharp && (i == 0 || verb->space))
			buf_puts(b, prefix);
		buf_printf(b, verb->c == 'X' ? "%02X" : "%02x", (unsigned char)s.s[i]);
	}
}

bool tverb_string(struct buf *out, const struct tverb *verb, const struct tval *v)
{
	CLEANUP(buf_done) struct buf b;
	struct tstr s = v->str;

	buf_init(&b, TSTR_MAX);
	if (verb->has_precision && strchr("vsq", (int)verb->c)) {
		size_t keep = 0;
		uint32_t r;

		for (int i = 0; i < verb->precision && keep < s.n; i++)
			keep += utf8_rune(s.s + keep, s.n - keep, &r);
		s.n = keep;
	}
	switch (verb->c) {
	case 'v':
	case 's':
		buf_add(&b, s.s, s.n);
		break;
	case 'q':
		put_quoted(&b, s);
		break;
	case 'x':
	case 'X':
		put_hex(&b, verb, s);
		break;
	default:
		return false;
	}
	if (buf_is_full(&b))
		out->full = true;
	tverb_padded(out, verb, buf_str(&b), b.len, false);
	return true;
}
