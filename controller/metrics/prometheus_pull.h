/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_pull.h - a thread that queries Prometheus servers for the tiers' demand.
 *
 * Every interval it fetches the value of each tier whose demand is prometheus(URL, QUERY)
 * to where the tick finds it (promquery_fetch()). A server that does not answer delays
 * only the tiers after it in the round, by its deadline of 5 s; the tick sees stale
 * demand. An error is logged when it appears, changes and ends, and is a problem
 * meanwhile.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_PULL_H
#define CONTROLLER_METRICS_PROMETHEUS_PULL_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#include <jansson.h>
#include <stdint.h>

struct prompull;

/* interval_ms: calendar. hosts: that may be asked (prometheus_hosts.h). db and hosts must
 * outlive it. */
int prompull_start(struct db *db, int64_t interval_ms, const char *hosts,
		   struct prompull **ret, struct err *err) MUST_CHECK;
/* Aborts a running query within a second, and waits for the thread; problems can be asked
 * for until it is freed. */
void prompull_halt(struct prompull *p);
/* The same, and frees it. */
void prompull_stop(struct prompull *p);
DEFINE_CLEANUP(struct prompull *, prompull_stop);
/* Adds one for all tiers whose demand could not be fetched last. From any thread. */
void prompull_problems(struct prompull *p, json_t *problems);

#endif
