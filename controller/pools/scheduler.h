/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scheduler.h - named jobs by due time, run by worker threads: one more whenever all are
 * at work.
 *
 * A job never runs twice at once. A poke makes it due now, or again if it is running.
 * Safe from any thread.
 */
#ifndef CONTROLLER_POOLS_SCHEDULER_H
#define CONTROLLER_POOLS_SCHEDULER_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sched;

/* Runs the job; returns after how many real ms it is due again, or -1 to remove it. */
typedef int64_t sched_fn(void *arg, const char *name);

/* workers: at most so many. */
int sched_new(size_t workers, sched_fn *fn, void *arg, struct sched **ret,
	      struct err *err) MUST_CHECK;
/*
 * No further job starts. Waits for running ones up to wait_ms, real; whether all have
 * ended. If not, the scheduler and what its jobs use must not be freed.
 */
bool sched_stop(struct sched *s, int64_t wait_ms) MUST_CHECK;
/* Stops it, and waits for running jobs. */
void sched_free(struct sched *s);
DEFINE_CLEANUP(struct sched *, sched_free);

/* Due now; adds the job when it is new. */
void sched_poke(struct sched *s, const char *name);
/* The same, and once more later: a VM that ends may still be listed as running at first.
 */
void sched_poke_twice(struct sched *s, const char *name, int64_t later_ms);

/* For tests: whether no job runs or is due. */
bool sched_is_idle(struct sched *s);

#endif
