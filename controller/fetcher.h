/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetcher.h - keeps asking Prometheus servers for the tiers whose demand is
 * prometheus(URL, QUERY).
 *
 * Threads of its own, since a server may hang: neither the tick nor the other tiers wait
 * for it. Each tier is asked for once a period; what a tier is asked for is stored where
 * the tick's measuring looks. The first failure of a tier and its end are events.
 */
#ifndef CONTROLLER_FETCHER_H
#define CONTROLLER_FETCHER_H

#include "cleanup.h"
#include "events.h"

#include <stdint.h>

struct fetcher;

struct fetcher_opts {
	struct db *db;
	const struct events *events;
	int64_t period_ms; /* real */
};

/* opts is kept, not copied. */
int fetcher_start(const struct fetcher_opts *opts, struct fetcher **ret,
		  struct err *err) MUST_CHECK;
/* Waits for questions under way, at most their time limit. */
void fetcher_stop(struct fetcher *f);
DEFINE_CLEANUP(struct fetcher *, fetcher_stop);

#endif
