/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8.h - UTF-8 text, and repair of text that should be.
 *
 * Text from outside (a unit's last line, a driver's message) may contain any bytes, and
 * text that was cut to a size may end inside a character. JSON allows neither.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One character of s [n]: its length, 1 with *rune 0xfffd for an invalid byte. */
size_t utf8_rune(const char *s, size_t n, uint32_t *rune);
void utf8_put(struct buf *out, uint32_t rune);

/* Bytes of text, at most max, that end with a complete character. */
size_t utf8_fit(const char *text, size_t max);

/* In place: an incomplete character at the end is dropped, each other invalid byte
 * becomes
 * '?'. The result is UTF-8, and no longer than before. */
void utf8_mend(char *text);

/*
 * Whether text is a line for people: UTF-8 of at most max bytes without control
 * characters (C0, DEL, C1), line ends of Unicode, and marks that turn the direction of
 * what follows.
 */
bool utf8_is_plain(const char *text, size_t max);
/* In place: what is not plain becomes '?'; the result is UTF-8 and has at most max bytes.
 */
void utf8_make_plain(char *text, size_t max);

#endif
