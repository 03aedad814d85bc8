/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence_doubt.h - whether so many hosts are silent together that none is believed to
 * be lost: by pool, and for the installation; see silence.h.
 */
#ifndef CONTROLLER_FLEET_SILENCE_DOUBT_H
#define CONTROLLER_FLEET_SILENCE_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doubt {
	char pool[64];           /* "": the installation */
	size_t expected, silent; /* hosts */
	size_t replaced;         /* silent ones whose units are replaced */
	bool is_on;
	bool has_ended; /* in this round */
	int64_t on_ms;  /* since when */
	int64_t low_ms; /* since when fewer are silent; 0: they are not */
};

struct doubts {
	struct doubt all;
	struct doubt *v; /* by pool */
	size_t n;
};

/* Begins to count anew. */
void doubts_begin(struct doubts *d);
/* Counts a host. */
void doubts_count(struct doubts *d, const char *pool, bool is_silent, bool is_replaced);
/* When all are counted: who is doubted. Pools without a host are forgotten. */
void doubts_settle(struct doubts *d, int64_t now_ms);
void doubts_done(struct doubts *d);

/* Of a pool that was counted. */
struct doubt *doubts_of(struct doubts *d, const char *pool);

/* Whether the units of one more host of it may be replaced. */
bool doubts_may_replace(const struct doubts *d, const struct doubt *pool, int64_t now_ms);

#endif
