/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect.h - samples of this host and its units, pushed to the controller.
 *
 * Every interval (calendar time) the host, the units and the sources named in their
 * [X-Metrics] are read, without blocking the loop, and sent as one POST
 * /v1/agent/metrics. While the controller is unreachable, batches wait in a bounded
 * queue; the oldest are dropped first. The answer may request logs of units, which are
 * sent by POST /v1/agent/logs.
 */
#ifndef AGENT_COLLECT_COLLECT_H
#define AGENT_COLLECT_COLLECT_H

#include "cleanup.h"
#include "net.h"
#include "units.h"
#include "wanted.h"

struct metrics;

struct metrics_opts {
	const char *controller; /* https://host:port */
	const char *ca_file, *cert_file, *key_file;
	const char *host, *address; /* of this host */
	const char *log_dir;        /* of the units' logs */
	int64_t interval_ms;        /* calendar */
	size_t queue_bytes;
	const struct wanted *wanted;
	const struct units *units;
};

/* Strings are copied. controller is for the pushes, sources for what units serve: what
 * the one waits for never delays the other. */
struct metrics *metrics_new(struct loop *loop, struct httpm *controller,
			    struct httpm *sources, const struct metrics_opts *opts);
/* The agent's loop was held for ms, by what: the next push says so, of the longest. */
void metrics_held(struct metrics *m, int64_t ms, const char *what);
void metrics_free(struct metrics *m);
DEFINE_CLEANUP(struct metrics *, metrics_free);

#endif
