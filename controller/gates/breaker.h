/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * breaker.h - a circuit breaker: after several failures in a row nothing is asked for a
 * time that grows, then one call tries whether it works again.
 *
 * Pure: the time, monotonic ms, and chance, a random number in [0, 1), are arguments.
 *
 * Source: M. Nygard, Release It!, 2nd ed., section 5.2.
 */
#ifndef GATES_BREAKER_H
#define GATES_BREAKER_H

#include <stdint.h>

enum breaker_state {
	BREAKER_CLOSED,    /* calls are made */
	BREAKER_OPEN,      /* none is, until_ms */
	BREAKER_HALF_OPEN, /* one is under way, of whose end nothing may be heard */
};

/* How long it is open the first time, and at most. */
struct breaker_times {
	int64_t first_ms, max_ms;
};

/* All zero is a closed one. */
struct breaker {
	enum breaker_state state;
	int failures; /* in a row */
	int openings; /* in a row */
	int64_t until_ms;
};

/* In how many ms a call may be made; 0: now. */
int64_t breaker_wait_ms(const struct breaker *b, int64_t now_ms);

/* A call that may be made is made. Of an open one it is the try: until trial_ms after now
 * no other is. */
void breaker_begin(struct breaker *b, int64_t trial_ms, int64_t now_ms);

/* A call was answered. */
void breaker_close(struct breaker *b);

/* A call failed: opens after `most` in a row, and after a try. */
void breaker_fail(struct breaker *b, int most, const struct breaker_times *times,
		  double chance, int64_t now_ms);

/* Opens at once, and for longer than the last time; one that others have opened
 * meanwhile stays as it is. */
void breaker_open(struct breaker *b, const struct breaker_times *times, double chance,
		  int64_t now_ms);

#endif
