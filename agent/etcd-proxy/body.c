/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "body.h"

#include "check.h"

#include <string.h>

#define DIGITS_MAX 15u

void body_of_length(struct body *b, uint64_t length)
{
	*b = (struct body){ .part = length ? BODY_LENGTH : BODY_NONE, .left = length };
}

void body_chunked(struct body *b, bool strict)
{
	*b = (struct body){ .part = BODY_SIZE, .strict = strict };
}

void body_to_the_end(struct body *b)
{
	*b = (struct body){ .part = BODY_TO_THE_END };
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	char lower = c >= 'A' && c <= 'F' ? (char)(c + ('a' - 'A')) : c;
	const char *at = c ? strchr(digits, lower) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One byte of the line that gives a chunk's size. */
static bool take_size(struct body *b, char c)
{
	int v = hex_value(c);

	if (v >= 0 && b->digits < DIGITS_MAX) {
		b->left = b->left << 4 | (uint64_t)v;
		b->digits++;
		return true;
	}
	if (b->digits == 0 || (c != '\r' && (b->strict || !strchr("; \t", c))))
		return false;
	b->part = BODY_SIZE_END;
	return true;
}

static bool take_size_end(struct body *b, char c)
{
	if (c != '\n')
		return !b->strict; /* an extension */
	b->part = b->left ? BODY_CHUNK : BODY_TRAILER;
	b->digits = 0;
	return true;
}

/* "\r\n" after a chunk, or after the last. */
static bool take_line_end(struct body *b, char c, enum body_part next)
{
	if (c == '\r' && b->digits == 0) {
		b->digits = 1;
		return true;
	}
	if (c != '\n' || b->digits != 1)
		return false;
	b->part = next;
	b->digits = 0;
	return true;
}

static bool take_trailer(struct body *b, char c)
{
	if (b->part == BODY_TRAILER_LINE) {
		if (c == '\n')
			b->part = BODY_TRAILER;
		return true;
	}
	if (c == '\r' || c == '\n' || b->strict)
		return take_line_end(b, c, BODY_NONE);
	b->part = BODY_TRAILER_LINE;
	return true;
}

static bool take_byte(struct body *b, char c)
{
	switch ((int)b->part) {
	case BODY_SIZE:
		return take_size(b, c);
	case BODY_SIZE_END:
		return take_size_end(b, c);
	case BODY_CHUNK_END:
		return take_line_end(b, c, BODY_SIZE);
	default:
		return take_trailer(b, c);
	}
}

ssize_t body_take(struct body *b, const char *data, size_t n)
{
	size_t at = 0;

	while (at < n && b->part != BODY_NONE) {
		size_t some = n - at;

		if (b->part == BODY_TO_THE_END)
			return (ssize_t)n;
		if (b->part != BODY_LENGTH && b->part != BODY_CHUNK) {
			if (!take_byte(b, data[at++]))
				return -1;
			continue;
		}
		some = MIN(some, b->left);
		b->left -= some;
		at += some;
		if (!b->left)
			b->part = b->part == BODY_CHUNK ? BODY_CHUNK_END : BODY_NONE;
	}
	return (ssize_t)at;
}
