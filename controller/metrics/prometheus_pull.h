/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_pull.h - a thread that queries Prometheus servers for the tiers' demand.
 *
 * Every interval it fetches the value of each tier whose demand is prometheus(URL, QUERY)
 * to where the tick finds it (promquery_fetch()). A server that does not answer delays
 * only the tiers after it in the round, by its deadline of 5 s; the tick sees stale
 * demand. An error is logged when it appears, changes and ends.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_PULL_H
#define CONTROLLER_METRICS_PROMETHEUS_PULL_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#include <stdint.h>

struct prompull;

/* interval_ms: calendar. db must outlive it. */
int prompull_start(struct db *db, int64_t interval_ms, struct prompull **ret,
		   struct err *err) MUST_CHECK;
/* Aborts a running query within a second, and waits for the thread. */
void prompull_stop(struct prompull *p);
DEFINE_CLEANUP(struct prompull *, prompull_stop);

#endif
