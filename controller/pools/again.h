/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * again.h - an error that repeats is told once, then counted.
 *
 *	if (again_is_due(&failed, err.msg))
 *		log_warn("pool-failed", ERR(&err), INT("more_times", failed.untold));
 *	... and after a success: again_over(&failed);
 *
 * All zero is one of which nothing was told. Not thread-safe.
 */
#ifndef CONTROLLER_POOLS_AGAIN_H
#define CONTROLLER_POOLS_AGAIN_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

#define AGAIN_EVERY_MS 600000 /* real: the same error is told again after that */

struct again {
	char text[ERR_MSG_MAX]; /* what was told last; "": nothing */
	int64_t told_mono_ms;
	int64_t count;  /* since it was told */
	int64_t untold; /* once it is due: how often it happened without being told */
};

/* It happened: whether to tell it, as it is new or was not told for long. */
bool again_is_due(struct again *r, const char *text);

/* It is over: the next one is new. */
void again_over(struct again *r);

#endif
