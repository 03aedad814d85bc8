/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health.h - the controller's own health: its database's files, the store's alarms, its
 * clock and those of its hosts. A thread looks every second; what is wrong is known
 * without the database.
 */
#ifndef CONTROLLER_HEALTH_HEALTH_H
#define CONTROLLER_HEALTH_HEALTH_H

#include "clock.h"
#include "events.h"
#include "store.h"

#include <jansson.h>

struct health;

struct health_opts {
	struct db *db;
	const struct events *events;
	struct store_opts etcd; /* endpoints NULL or "": the built-in store */
	struct clock_wait care; /* after a restore */
};

/* What opts points to must outlive it. */
int health_start(const struct health_opts *opts, struct health **ret,
		 struct err *err) MUST_CHECK;
void health_stop(struct health *h);

/* All problems, [{"kind","message","since"}], or those of the database alone, which are
 * why a call fails. The caller owns it. Safe from any thread. */
json_t *health_problems(struct health *h, bool only_database);

/*
 * Looks whether the clock was set; if so, samples are put right before it returns. To be
 * called before what was measured is read or added.
 */
void health_clock(struct health *h);

/* A batch of a host came, sent at sent_ms by its clock (calendar). Returns what to add to
 * the times of its samples. */
int64_t health_sender(struct health *h, const char *host, int64_t sent_ms);

/* A TLS connection of that address asks for something, the first time; or it took the
 * certificate and ended without. */
void health_connection(struct health *h, const char *address, bool has_asked);

#endif
