/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * budget.h - what a stack may cost a month, and what that means: nothing is ever ended
 * for money; see decide_input.thrift for what is not begun.
 */
#ifndef CONTROLLER_MONEY_BUDGET_H
#define CONTROLLER_MONEY_BUDGET_H

#include "costs.h"
#include "price.h"

#include <stdbool.h>

enum budget_state {
	BUDGET_KEPT,
	BUDGET_NEAR, /* 80 % of it were spent */
	BUDGET_OVER, /* the month will cost more */
	BUDGET_SPENT,
};
const char *budget_state_name(enum budget_state s); /* "kept" */

struct budget {
	struct money most; /* a month */
	double spent, projected;
	bool has_others; /* costs in other currencies, which are not counted */
	enum budget_state state;
};

/* Of the stack's costs, with its budget as text. False: it has none. */
bool budget_judge(const struct costs *c, const char *stack, const char *text,
		  struct budget *ret);

/* No hosts are launched ahead of demand. */
bool budget_is_tight(const struct budget *b);

/* What is to be told of it, in one sentence; false: nothing. */
bool budget_problem(const struct budget *b, const char *stack, char *ret, size_t size);

#endif
