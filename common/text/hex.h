/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hex.h - bytes as lower-case hexadecimal digits.
 */
#ifndef COMMON_TEXT_HEX_H
#define COMMON_TEXT_HEX_H

#include <stddef.h>

/* Writes 2 * n digits and a NUL to ret. */
void hex_encode(const void *data, size_t n, char *ret);

#endif
