/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_pull.h - a thread that asks Prometheus servers for the tiers' demand.
 *
 * Every interval it looks through the tiers, and for each whose demand is
 * prometheus(URL, QUERY) fetches the value to where the tick finds it
 * (promquery_fetch()). A server that does not answer delays nobody but the tiers behind
 * it in the round, by its deadline of 5 s; the tick sees the demand grow old. Logs an
 * error when it comes, changes and goes.
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
/* Ends a question that is under way within a second, and waits for the thread. */
void prompull_stop(struct prompull *p);
DEFINE_CLEANUP(struct prompull *, prompull_stop);

#endif
