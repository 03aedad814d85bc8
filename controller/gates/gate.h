/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.h - one gate.
 *
 * Pure: the time, monotonic ms, and chance, a random number in [0, 1), are arguments.
 */
#ifndef GATES_GATE_H
#define GATES_GATE_H

#include "breaker.h"
#include "bucket.h"
#include "gates.h"

struct gate {
	char driver[GATE_WORD], profile[GATE_WORD], region[GATE_WORD];
	bool is_launch;
	char zone[GATE_WORD], type[GATE_WORD];
	struct bucket bucket;
	struct breaker breaker;
	bool is_capacity;   /* it was opened by CAPACITY */
	int64_t told_until; /* Retry-After; 0: none */
	int64_t since_ms;   /* calendar, of the breaker's opening */
	int64_t last_ms;    /* calendar, of the last failure */
	struct drv_err last;
};

/* What bounds gates, without zeros. */
struct gate_rule {
	int failures;
	struct breaker_times broken, capacity;
};

/* Of a bucket that was told another rate. */
void gate_rate(struct gate *g, double calls_per_s, int64_t now_ms);

/* Whether a call may pass, and when; *ret_wait_ms is 0 when it may. */
enum gate_state gate_look(const struct gate *g, enum gate_call call, int64_t now_ms,
			  int64_t *ret_wait_ms);
/* It passes. */
void gate_pass(struct gate *g, int64_t trial_ms, int64_t now_ms);

/* What a call came to. wall_ms: calendar. */
void gate_fail(struct gate *g, const struct gate_rule *rule, const struct drv_err *e,
	       double chance, int64_t now_ms, int64_t wall_ms);
void gate_answered(struct gate *g);

/* The class is the cloud's failure. */
bool gate_is_failure(int cls);

#endif
