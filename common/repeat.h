/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repeat.h - an error that repeats is told once, then counted.
 *
 *	if (repeat_is_due(&again, err.msg))
 *		log_warn("upkeep-failed", ERR(&err), INT("more_times", again.untold));
 *	... and after a success: repeat_end(&again);
 *
 * All zero is one of which nothing was told. Not thread-safe.
 */
#ifndef COMMON_REPEAT_H
#define COMMON_REPEAT_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_EVERY_MS 600000 /* real: the same error is told again after that */

struct repeat {
	char text[ERR_MSG_MAX]; /* what was told last; "": nothing */
	int64_t told_mono_ms;
	int64_t count;  /* since it was told */
	int64_t untold; /* once it is due: how often it happened without being told */
};

/* It happened: whether to tell it, as it is new or was not told for long. */
bool repeat_is_due(struct repeat *r, const char *text);

/* It is over: the next one is new. */
void repeat_end(struct repeat *r);

#endif
