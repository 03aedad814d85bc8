/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression_turn.h"

#include "clock.h"

#include <math.h>

enum metrics_cost metrics_expr_cost(const struct metrics_expr *e)
{
	const int64_t ms = metrics_expr_cost_ms(e);

	if (ms < 0)
		return METRICS_UNKNOWN;
	return ms <= METRICS_DEAR_MS ? METRICS_CHEAP : METRICS_DEAR;
}

void metrics_turns_begin(struct metrics_turns *t, int64_t ms)
{
	*t = (struct metrics_turns){ .until_cpu_ms = clock_cpu_ms() + ms };
}

bool metrics_turns_take(struct metrics_turns *t, struct metrics_expr *e)
{
	const enum metrics_cost cost = metrics_expr_cost(e);
	const bool is_over = clock_cpu_ms() > t->until_cpu_ms;

	if (is_over && cost != METRICS_CHEAP) {
		t->n_waiting++;
		return false;
	}
	/* One that was cheap may have become dear. */
	metrics_expr_limit(e, is_over || cost == METRICS_UNKNOWN ? METRICS_DEAR_MS
								 : METRICS_EXPR_MAX_MS);
	return true;
}

int metrics_expr_in_turn(struct db *db, struct metrics_expr *e, struct metrics_turns *t,
			 int64_t now_ms, double *ret, int64_t *ret_at_ms, struct err *err)
{
	const enum metrics_cost before = metrics_expr_cost(e);
	int rc;

	*ret = NAN;
	*ret_at_ms = 0;
	if (!metrics_turns_take(t, e))
		return 0;
	rc = metrics_expr_now(db, e, now_ms, ret, ret_at_ms, err);
	if (rc != ERR_LIMIT || before == METRICS_DEAR ||
	    metrics_expr_cost(e) != METRICS_DEAR)
		return rc;
	t->n_waiting++;
	return 0;
}
