/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * allowance.h - what one piece of work may cost: time, and samples that it reads.
 *
 * It belongs to the thread that does the work, so that what is called deep inside can
 * look at it: long loops, and statements of the database. Without one nothing is limited.
 */
#ifndef COMMON_ALLOWANCE_H
#define COMMON_ALLOWANCE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of this thread, until allowance_end(). ms: real, from now; they do not nest. */
void allowance_begin(int64_t ms, size_t samples);
void allowance_end(void);

/* Whether the time is over. Cheap. */
bool allowance_is_over(void);
/* ERR_TIMEOUT when the time is over; the message says how much there was. */
int allowance_check(struct err *err) MUST_CHECK;
/* The same, and ERR_LIMIT when these samples are more than are left. */
int allowance_samples(size_t n, struct err *err) MUST_CHECK;

#endif
