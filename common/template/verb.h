/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verb.h - one value formatted by one verb of Printf, such as %-8.3f. Inside the template
 * engine only.
 */
#ifndef COMMON_TEMPLATE_VERB_H
#define COMMON_TEMPLATE_VERB_H

#include "value.h"

#define TVERB_WIDTH_MAX 10000

struct tverb {
	bool minus, plus, sharp, space, zero;
	bool plus_v; /* "%+v": structs with the names of their members */
	bool has_width, has_precision;
	int width, precision; /* at most TVERB_WIDTH_MAX */
	uint32_t c;
};

/* text, filled up to the width; zeroes go between the sign of a number and its digits. */
void tverb_padded(struct buf *out, const struct tverb *verb, const char *text, size_t n,
		  bool number);

/* False, with nothing written, when the verb is not for values of this kind. */
bool tverb_int(struct buf *out, const struct tverb *verb, const struct tval *v);
bool tverb_float(struct buf *out, const struct tverb *verb, const struct tval *v);
bool tverb_string(struct buf *out, const struct tverb *verb, const struct tval *v);

#endif
