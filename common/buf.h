/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h - a growing byte buffer with a maximum size.
 *
 * Exceeding the maximum is remembered (buf_is_full()) and later appends do nothing, so a
 * writer can append without checks and test once. data is always NUL-terminated after
 * the first append; len does not count that NUL.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool full;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* length 0, keeps the memory, forgets full */
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void buf_drop(struct buf *b, size_t n);   /* removes the first n bytes */
bool buf_is_full(const struct buf *b);    /* something did not fit */
const char *buf_str(const struct buf *b); /* "" when nothing was added */
char *buf_take(struct buf *b);            /* hands the string over; b is empty again */

DEFINE_CLEANUP_OBJECT(struct buf, buf_done);

#endif
