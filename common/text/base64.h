/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base64.h - RFC 4648 section 4, with padding.
 */
#ifndef COMMON_TEXT_BASE64_H
#define COMMON_TEXT_BASE64_H

#include "buf.h"
#include "err.h"

#include <stddef.h>

void base64_encode(struct buf *to, const void *data, size_t n);
/* Section 5, for URLs and tokens: '-' and '_', and no padding. */
void base64url_encode(struct buf *to, const void *data, size_t n);

/*
 * The bytes of text, with a NUL after them that is not counted; the caller frees *ret.
 * ERR_INVAL for an invalid character, wrong padding or bits that are left over.
 */
int base64_decode(const char *text, size_t n, char **ret, size_t *ret_len,
		  struct err *err) MUST_CHECK;

#endif
