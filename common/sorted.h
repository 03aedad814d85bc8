/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sorted.h - where something is, or belongs, in a sorted array.
 */
#ifndef COMMON_SORTED_H
#define COMMON_SORTED_H

#include <stddef.h>

/*
 * The first index of 0..n-1 whose item does not come before what is sought; n when all
 * do. before(i), an expression of the index variable i, is true when item i does:
 *
 *	size_t at = SORTED_PLACE(l->n, i, strcmp(l->v[i].name, name) < 0);
 *
 * A macro, so that each caller compares what it has, of any type and without a call.
 * O(log n) evaluations of before.
 */
#define SORTED_PLACE(n, i, before)                                              \
	({                                                                      \
		size_t sorted_low = 0, sorted_high = (size_t)(n);               \
                                                                                \
		while (sorted_low < sorted_high) {                              \
			size_t i = sorted_low + (sorted_high - sorted_low) / 2; \
                                                                                \
			if (before)                                             \
				sorted_low = i + 1;                             \
			else                                                    \
				sorted_high = i;                                \
		}                                                               \
		sorted_low;                                                     \
	})

#endif
