/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.h - an open-loop HTTP load: requests start when they are due, whether or not
 * earlier ones have been answered, as those of visitors do.
 *
 * A request whose target does not accept the connection goes to the next target, as a
 * browser does with the addresses of a name; that is counted as moved, and as failed only
 * when no target accepts. One that finds only connections that the other side has closed
 * since gets a new one, and is counted as moved too. Any answer below 400 is a success.
 * One thread uses a load.
 */
#ifndef CLI_LOAD_LOAD_H
#define CLI_LOAD_LOAD_H

#include "cleanup.h"
#include "err.h"
#include "latency.h"
#include "profile.h"
#include "targets.h"

#include <stddef.h>
#include <stdint.h>

#define LOAD_FAILURE_MAX 160

struct load_opts {
	int64_t timeout_ms;   /* of one request */
	size_t in_flight_max; /* requests past this are not sent and counted as skipped */
	const char *const
		*paths;     /* NULL-ended, asked for in turn; must outlive the load */
	double fresh_ratio; /* 0 to 1: share of requests that no cache has an
			     * answer for */
};

struct load_stats {
	uint64_t sent, ok, failed, moved, skipped;
	size_t in_flight;
	struct latency latency; /* of successes */
	char last_failure[LOAD_FAILURE_MAX];
};

struct load;

int load_new(const struct load_opts *opts, struct load **ret, struct err *err) MUST_CHECK;
void load_free(struct load *l); /* requests in flight are aborted */
DEFINE_CLEANUP(struct load *, load_free);

/* The addresses ("10.90.0.7:80") to spread requests over; an empty set keeps the
 * old one. */
void load_set_targets(struct load *l, const char *const *targets, size_t n);
size_t load_targets(const struct load *l);

/*
 * Works for ms real milliseconds at rate_rps requests per second, spread evenly; requests
 * that a busy machine could not start in time follow at once. A rate of 0 only waits for
 * requests in flight.
 */
int load_run(struct load *l, int64_t ms, double rate_rps, struct err *err) MUST_CHECK;

const struct load_stats *load_stats(const struct load *l);

#endif
