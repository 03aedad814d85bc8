/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_turn.h - the time that the expressions of a round share.
 *
 * What is known to be cheap is always evaluated. For the rest the round has a time: what
 * is not known yet, as after a start, is tried for METRICS_DEAR_MS, and what took longer
 * waits for its turn.
 */
#ifndef CONTROLLER_METRICS_EXPRESSION_TURN_H
#define CONTROLLER_METRICS_EXPRESSION_TURN_H

#include "expression.h"

/* In the order in which they are best evaluated. */
enum metrics_cost { METRICS_CHEAP, METRICS_UNKNOWN, METRICS_DEAR };
enum metrics_cost metrics_expr_cost(const struct metrics_expr *e);

struct metrics_turns {
	int64_t until_cpu_ms; /* clock_cpu_ms() of the round's thread */
	size_t n_waiting;     /* expressions that were not evaluated */
};
void metrics_turns_begin(struct metrics_turns *t, int64_t ms);

/* Whether it is evaluated in this round; then its maximum is set, metrics_expr_limit().
 * When it has no turn, or ends over that maximum without being METRICS_DEAR before, it
 * waits for a later round. */
bool metrics_turns_take(struct metrics_turns *t, struct metrics_expr *e) MUST_CHECK;

/* metrics_expr_now(), in turn. NaN, 0 and no error while it waits. */
int metrics_expr_in_turn(struct db *db, struct metrics_expr *e, struct metrics_turns *t,
			 int64_t now_ms, double *ret, int64_t *ret_at_ms,
			 struct err *err) MUST_CHECK;

#endif
