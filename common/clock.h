/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - the two clocks, and the calendar that can run faster.
 *
 * Monotonic time is real and drives deadlines towards peers and processes. Calendar time
 * is what records, samples, forecasts and schedules use; with a time scale above 1 it
 * runs that much faster than the wall clock, from a given start, so a day can be shown
 * in minutes. Durations that the operator sets (tick, boot delay, dwell, retention)
 * are calendar durations: clock_real_ms() converts them to real time.
 * Rates (requests per second) are always per real second.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

int64_t clock_mono_ms(void); /* real, never jumps */
int64_t clock_mono_us(void);
int64_t clock_cpu_ms(void);  /* for which this thread has computed: not while it waits */
int64_t clock_wall_ms(void); /* real Unix time; for certificates and log lines */
int64_t clock_now_ms(void);  /* calendar Unix time, scaled */
/*
 * Calendar ms since an unspecified moment of this process: how long something took in
 * calendar time, which a clock that is set must neither shorten nor prolong.
 */
int64_t clock_steady_ms(void);

/*
 * Sets the scale for the whole process, once, before any thread starts: calendar time is
 * epoch_ms + (wall - epoch_ms) * scale. scale is 1 to 10000; epoch_ms is a real Unix
 * time.
 */
void clock_set_scale(double scale, int64_t epoch_ms);
double clock_scale(void);
int64_t clock_epoch_ms(void);

/*
 * For tests: calendar time stands at ms until the next call; below 0 it runs again. Real
 * time goes on. Safe from any thread.
 */
void clock_hold(int64_t ms);

/*
 * A wait until a calendar time that a set clock neither ends nor draws out: it is over
 * when that time and what was left of it at the beginning have both passed, and lasts
 * most_ms more at the most. All zero is one that is over.
 */
struct clock_wait {
	int64_t until_ms, most_ms;
	int64_t steady_ms; /* the same on clock_steady_ms() */
};
void clock_wait_begin(struct clock_wait *w, int64_t until_ms, int64_t most_ms);
int64_t clock_wait_left_ms(const struct clock_wait *w); /* calendar; 0: it is over */

/* How long a calendar duration lasts in real time, at least 1 ms for a positive one. */
int64_t clock_real_ms(int64_t calendar_ms);

/* RFC 3339 in UTC with milliseconds, "2026-01-02T03:04:05.678Z"; text
 * holds CLOCK_TEXT. */
#define CLOCK_TEXT 32
const char *clock_format(int64_t unix_ms, char text[CLOCK_TEXT]);

/* RFC 3339 with Z or an offset, or Unix seconds as a decimal number: of 1970 to 9999, on
 * a day that there is, and no leap second. */
int clock_parse(const char *text, int64_t *ret_ms, struct err *err) MUST_CHECK;

/* "90s", "5m", "1h30m", "2d", "250ms"; a bare 0 is allowed, other bare numbers
 * are not. */
int clock_parse_duration(const char *text, int64_t *ret_ms, struct err *err) MUST_CHECK;
/* The shortest exact form of the same; text holds CLOCK_TEXT. */
const char *clock_format_duration(int64_t ms, char text[CLOCK_TEXT]);

#endif
