/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate.h"

#include "check.h"

#define BURST_S 60 /* of calls, at once after a rest */
#define BURST_LEAST 10
#define LOOK_SHARE 4       /* of a full bucket: what calls that only look leave in it */
#define TRY_MS 1000        /* when others ask again while one call tries */
#define TOLD_MAX_MS 600000 /* limit of the cloud's Retry-After */

/* Told another rate it keeps what it has: two pools may differ. */
void gate_rate(struct gate *g, double calls_per_s, int64_t now_ms)
{
	const struct bucket was = g->bucket;

	if (was.rate_per_s == calls_per_s && was.burst > 0)
		return;
	bucket_init(&g->bucket, calls_per_s, MAX(calls_per_s * BURST_S, BURST_LEAST),
		    now_ms);
	if (was.rate_per_s > 0 && calls_per_s > 0)
		g->bucket.level = MIN(g->bucket.level, bucket_level(&was, now_ms));
}

static enum gate_state state_of(const struct gate *g)
{
	if (g->breaker.state == BREAKER_HALF_OPEN)
		return GATE_TRYING;
	return g->is_capacity ? GATE_NO_ROOM : GATE_BROKEN;
}

enum gate_state gate_look(const struct gate *g, enum gate_call call, int64_t now_ms,
			  int64_t *ret_wait_ms)
{
	const double left = call == GATE_LOOK ? g->bucket.burst / LOOK_SHARE : 0;

	*ret_wait_ms = breaker_wait_ms(&g->breaker, now_ms);
	/* It may be heard of at any time. */
	if (g->breaker.state == BREAKER_HALF_OPEN)
		*ret_wait_ms = MIN(*ret_wait_ms, TRY_MS);
	if (*ret_wait_ms > 0)
		return state_of(g);
	*ret_wait_ms = MAX(g->told_until - now_ms, INT64_C(0));
	if (*ret_wait_ms > 0)
		return GATE_TOLD;
	*ret_wait_ms = bucket_wait_ms(&g->bucket, left, now_ms);
	return *ret_wait_ms > 0 ? GATE_EMPTY : GATE_OPEN;
}

void gate_pass(struct gate *g, int64_t trial_ms, int64_t now_ms)
{
	bucket_take(&g->bucket, now_ms);
	breaker_begin(&g->breaker, trial_ms, now_ms);
}

bool gate_is_failure(int cls)
{
	return cls == DRV_THROTTLED || cls == DRV_TRANSIENT || cls == DRV_AMBIGUOUS ||
	       cls == DRV_BUG;
}

void gate_answered(struct gate *g)
{
	breaker_close(&g->breaker);
	g->is_capacity = false;
	g->since_ms = 0;
}

void gate_fail(struct gate *g, const struct gate_rule *rule, const struct drv_err *e,
	       double chance, int64_t now_ms, int64_t wall_ms)
{
	const bool was_open = g->breaker.openings > 0;

	g->last = *e;
	g->last_ms = wall_ms;
	if (e->cls == DRV_THROTTLED) {
		bucket_drain(&g->bucket, now_ms);
		g->told_until =
			MAX(g->told_until, now_ms + MIN(e->retry_after_ms, TOLD_MAX_MS));
	}
	if (e->cls == DRV_CAPACITY) {
		g->is_capacity = true;
		breaker_open(&g->breaker, &rule->capacity, chance, now_ms);
	} else {
		breaker_fail(&g->breaker, rule->failures, &rule->broken, chance, now_ms);
	}
	if (!was_open && g->breaker.openings > 0)
		g->since_ms = wall_ms;
}
