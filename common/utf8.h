/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8.h - text that is UTF-8, and text that ought to be.
 *
 * What comes from outside (a unit's last line, a driver's words) may hold any bytes, and
 * what is cut to a size may end inside a character. JSON takes neither.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "buf.h"

#include <stddef.h>
#include <stdint.h>

/* One character of s [n]: its length, 1 with *rune 0xfffd for a bad byte. */
size_t utf8_rune(const char *s, size_t n, uint32_t *rune);
void utf8_put(struct buf *out, uint32_t rune);

/* Bytes of text, at most max, that end with a whole character. */
size_t utf8_fit(const char *text, size_t max);

/* In place: an unfinished character at the end is dropped, each other bad byte becomes a
 * '?'. Afterwards it is UTF-8, and no longer than before. */
void utf8_mend(char *text);

#endif
