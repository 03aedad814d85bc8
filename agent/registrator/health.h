/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health.h - rise and fall: the health of a service from its check results. Pure.
 *
 * After `rise` passes in a row a service is passing; after `fall` failures in a row what
 * was passing is failing. A service that never passed is starting, and for a while
 * checked quickly.
 */
#ifndef AGENT_REGISTRATOR_HEALTH_H
#define AGENT_REGISTRATOR_HEALTH_H

#include "schedule.h"

#include <stdbool.h>
#include <stdint.h>

/* Between two checks of a service that has not passed yet, for the first so long. */
#define HEALTH_QUICK_MS 50
#define HEALTH_QUICK_FOR_MS 60000

struct health {
	int rise, fall;
	int64_t interval_ms;
	int passes, failures; /* in a row */
	enum unit_health now;
	int64_t since_mono_ms; /* of the start */
};

void health_start(struct health *h, int rise, int fall, int64_t interval_ms,
		  int64_t mono_ms);
/* Adds a result; true when `now` changed. */
bool health_take(struct health *h, bool passed);
/* How long to wait before the next check. */
int64_t health_pause_ms(const struct health *h, int64_t mono_ms);

#endif
