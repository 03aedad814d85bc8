/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ages.h - how long ago something was, whatever becomes of the clock.
 *
 * A record's calendar time is read once, when the record is first asked for; from then on
 * its age grows with time that no change of the clock touches.
 */
#ifndef CONTROLLER_POOLS_AGES_H
#define CONTROLLER_POOLS_AGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct age {
	char what[128];
	int64_t at_ms;     /* calendar, as in the record */
	int64_t steady_ms; /* the same on clock_steady_ms() */
	bool is_used;      /* asked for since the last sweep */
};

/* All zero is an empty one. */
struct ages {
	struct age *v;
	size_t n;
};
void ages_done(struct ages *a);

/* Calendar ms since at_ms, at least 0. A record whose time has changed is a new one. */
int64_t ages_of(struct ages *a, const char *what, int64_t at_ms);
bool ages_has(const struct ages *a, const char *what);
/* Forgets what was not asked for since the last sweep. */
void ages_sweep(struct ages *a);

#endif
