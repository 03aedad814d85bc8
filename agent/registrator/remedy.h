/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remedy.h - when a unit whose check fails is restarted. Pure.
 *
 * When it has failed for a while; then again after twice as long each time, up to five
 * times. When it has passed for ten minutes, all of that is forgotten. One that never
 * passed is starting, and is not restarted.
 */
#ifndef AGENT_REGISTRATOR_REMEDY_H
#define AGENT_REGISTRATOR_REMEDY_H

#include "schedule.h"

#include <stdbool.h>
#include <stdint.h>

#define REMEDY_TRIES 5
#define REMEDY_FORGET_MS 600000 /* real */

struct remedy {
	int tries;              /* restarts since it last passed for long */
	int64_t bad_mono_ms;    /* failing since, or restarted at; 0: it is not */
	int64_t passed_mono_ms; /* passing since; 0: it is not */
};

/* Notes the health; true: restart it now. after_ms: the first wait; 0: never. */
bool remedy_is_due(struct remedy *r, enum unit_health now, int64_t after_ms,
		   int64_t mono_ms);

#endif
