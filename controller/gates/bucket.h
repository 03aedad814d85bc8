/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bucket.h - a token bucket: how many calls may be made at a sustained rate, and how many
 * at once after a rest.
 *
 * Pure: the time, monotonic ms, is an argument.
 */
#ifndef GATES_BUCKET_H
#define GATES_BUCKET_H

#include <stdint.h>

struct bucket {
	double rate_per_s; /* 0: no limit */
	double burst;      /* tokens of a full one, at least 1 */
	double level;      /* as of at_ms */
	int64_t at_ms;
};

/* A full one. */
void bucket_init(struct bucket *b, double rate_per_s, double burst, int64_t now_ms);

/* How many tokens are in it; burst without a limit. */
double bucket_level(const struct bucket *b, int64_t now_ms);

/* In how many ms a token can be taken and `left` stay in it; 0: now. */
int64_t bucket_wait_ms(const struct bucket *b, double left, int64_t now_ms);

/* Takes one, which must be in it. */
void bucket_take(struct bucket *b, int64_t now_ms);

/* It is empty, whatever was counted: others took from it too. */
void bucket_drain(struct bucket *b, int64_t now_ms);

#endif
