/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.h - the largest value noted within a time window: what is held.
 *
 * A queue of falling
 * values, so 64 places are plenty; when they run out, two join at the larger value and
 * the later time, which only ever holds longer.
 */
#ifndef PREDICTOR_RULE_WINDOW_H
#define PREDICTOR_RULE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define DECIDE_WINDOW_MAX 64

struct decide_window {
	struct {
		int64_t at_ms;
		int64_t value;
	} v[DECIDE_WINDOW_MAX];
	size_t n;
	int64_t since_ms; /* noted without a gap since then */
	int64_t last_ms;  /* last noted */
};

void decide_window_clear(struct decide_window *w);
/* The clock was set by that much: what was noted stays as long ago as it was. */
void decide_window_move(struct decide_window *w, int64_t by_ms);
void decide_window_note(struct decide_window *w, int64_t now_ms, int64_t value);
/* The largest value noted after now_ms - length_ms, or at now_ms; -1 when there is
 * none. */
int64_t decide_window_largest(struct decide_window *w, int64_t now_ms, int64_t length_ms);

#endif
