/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * skew.h - by how much the clocks of hosts differ from the controller's.
 *
 * Each batch of samples tells its sender's time. What it differs by is the difference of
 * the clocks and the time that the batch was under way, which is never negative, and long
 * when this process was stopped: so what is less than the figure in force counts at once,
 * and what is more is the least of three batches, or of two that agree when it is large.
 *
 * All times are real, in ms. Safe from any thread.
 */
#ifndef CONTROLLER_HEALTH_SKEW_H
#define CONTROLLER_HEALTH_SKEW_H

#include "clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKEW_MIN_MS 1000                    /* less is not corrected */
#define SKEW_MAX_MS ((int64_t)7 * 86400000) /* nor is more */
#define SKEW_TOLD_MS 3000                   /* from here on it is a problem */
#define SKEW_KEPT_MS 120000 /* a host that is silent is forgotten after it */

struct skew;

struct skew *skew_new(void);
void skew_free(struct skew *s);

/*
 * A batch of a host came that is off_ms behind the controller's clock (below 0: ahead).
 * Returns what to add to the times of its samples.
 */
int64_t skew_note(struct skew *s, const char *host, int64_t off_ms, int64_t now_mono_ms);
/* The controller's own clock was set: all are measured anew. */
void skew_forget(struct skew *s);

/* False: no clock differs by much. Else the message for people. */
bool skew_problem(struct skew *s, int64_t now_mono_ms, char *ret, size_t size);

/* A difference of clocks for people, without its sign: "2s300ms", "1h". */
void skew_format(int64_t by_ms, char ret[CLOCK_TEXT]);

#endif
