/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock_watch.h - whether the wall clock was set: it and the monotonic clock part. Pure.
 */
#ifndef CONTROLLER_HEALTH_CLOCK_WATCH_H
#define CONTROLLER_HEALTH_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SET_MS 1000 /* less is what clocks are slewed by */

struct clock_watch {
	bool has_begun;
	int64_t wall_ms, mono_ms; /* at the last look */
};

/* By how much the wall clock was set since the last look; 0: not. */
int64_t clock_watch_look(struct clock_watch *w, int64_t wall_ms, int64_t mono_ms);

#endif
