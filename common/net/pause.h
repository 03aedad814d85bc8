/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pause.h - how long a loop was held, and by what. For loop.c.
 *
 * A turn is what runs between two waits; whatever is due in the meantime is late by as
 * much. A wait that ends late holds the loop as well: the process did not run then.
 */
#ifndef COMMON_NET_PAUSE_H
#define COMMON_NET_PAUSE_H

#include "loop.h"

#define PAUSE_WHAT 160

struct pause {
	int64_t turn_us; /* when it began; 0: none yet */
	int64_t part_us; /* when the callback began that runs */
	int64_t part_longest_us;
	char doing[PAUSE_WHAT];   /* what the callback says of itself */
	char longest[PAUSE_WHAT]; /* of the turn's longest callback */
	/* The longest of a window of time, and of the one before. */
	int64_t window_us, window_max_us, before_max_us;
	int64_t least_ms;
	loop_held_fn *fn;
	void *arg;
};

/* late_us: by how much the wait ended after its due time. */
void pause_turn_begin(struct pause *p, int64_t late_us);
void pause_part_begin(struct pause *p);
/* where: the file whose callback it was. */
void pause_part_end(struct pause *p, const char *where);
void pause_turn_end(struct pause *p);
int64_t pause_longest_us(struct pause *p);

#endif
