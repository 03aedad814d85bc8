/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latency.h - a histogram of durations with buckets 2 % apart, from 0.1 ms to 100 s.
 */
#ifndef CLI_LOAD_LATENCY_H
#define CLI_LOAD_LATENCY_H

#include <stdint.h>

#define LATENCY_BUCKETS 700

struct latency {
	uint64_t count[LATENCY_BUCKETS];
	uint64_t total;
};

void latency_add(struct latency *h, double seconds);
/* The duration in seconds that a share q (0 to 1) stays below; 0 when empty. */
double latency_quantile(const struct latency *h, double q);

#endif
