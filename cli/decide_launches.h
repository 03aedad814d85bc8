/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide_launches.h - the launches of one run of foretide decide --jsonl: those that do
 * not serve yet, the lead times of those that did, and for how long all are paid.
 */
#ifndef CLI_DECIDE_LAUNCHES_H
#define CLI_DECIDE_LAUNCHES_H

#include "err.h"
#include "policy.h"
#include "simulation.h"

#include <jansson.h>
#include <stdint.h>

#define LAUNCHES_MAX 256 /* decisions with launches; older ones are forgotten */

struct decide_launches {
	struct {
		int64_t at_ms, count;
	} v[LAUNCHES_MAX]; /* [n] oldest first */
	size_t n;
	struct policy_leads leads;
	struct paid paid;
};

/* Takes "leads" (seconds, one per instance that began to serve) and "failed" (launches
 * given up) of a message at now_ms, after which there are `running` and `booting`.
 * Instances that nobody launched or removed were launched, or went, now. */
int decide_launches_read(struct decide_launches *l, const json_t *msg, int64_t now_ms,
			 int64_t running, int64_t booting, struct err *err) MUST_CHECK;

/* As decided at now_ms: so many more; or fewer, the newest of them, then of those that
 * serve. */
void decide_launches_change(struct decide_launches *l, int64_t now_ms, int64_t by);

/* Those whose paid time ends before the next decision; none while others boot, as those
 * would go. -1: paid for by the moment. */
int64_t decide_launches_ending(struct decide_launches *l, int64_t now_ms);

/* Those later than their lead times allow. */
int64_t decide_launches_overdue(const struct decide_launches *l, int64_t now_ms);

#endif
