/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backoff.h - how long is waited before something that failed is tried again.
 *
 * Pure: chance, a random number in [0, 1), is an argument. Durations in ms.
 *
 * Source: M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
 */
#ifndef GATES_BACKOFF_H
#define GATES_BACKOFF_H

#include <stdint.h>

/* first_ms doubled as often, at most max_ms; first_ms and max_ms are at least 1. */
int64_t backoff_most_ms(int64_t first_ms, int64_t max_ms, int times);

/* Full jitter: any time up to that, at least 1 ms, so that many who failed together do
 * not come again together. */
int64_t backoff_full_ms(int64_t first_ms, int64_t max_ms, int times, double chance);

/* Its upper half: what is left alone for a growing time, and is not asked by many. */
int64_t backoff_half_ms(int64_t first_ms, int64_t max_ms, int times, double chance);

#endif
