/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "budget.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

#define NEAR 0.8

const char *budget_state_name(enum budget_state s)
{
	static const char *const names[] = { "kept", "near", "over", "spent" };

	return names[s];
}

static enum budget_state judge(const struct budget *b)
{
	if (b->spent >= b->most.amount)
		return BUDGET_SPENT;
	if (b->projected > b->most.amount)
		return BUDGET_OVER;
	return b->spent >= NEAR * b->most.amount ? BUDGET_NEAR : BUDGET_KEPT;
}

bool budget_judge(const struct costs *c, const char *stack, const char *text,
		  struct budget *ret)
{
	struct budget b = { .spent = 0 };

	if (!*text || budget_parse(text, &b.most, NULL) < 0)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		const struct cost_tier *t = &c->v[i];

		if (strcmp(t->stack, stack) != 0)
			continue;
		if (strcmp(t->currency, b.most.currency) != 0) {
			b.has_others |= t->sums.month > 0;
			continue;
		}
		b.spent += t->sums.month;
		b.projected += t->sums.projected;
	}
	b.state = judge(&b);
	*ret = b;
	return true;
}

bool budget_is_tight(const struct budget *b)
{
	return b->state >= BUDGET_OVER;
}

bool budget_problem(const struct budget *b, const char *stack, char *ret, size_t size)
{
	const char *unit = b->most.currency;
	size_t n;

	if (b->state == BUDGET_KEPT && !b->has_others)
		return false;
	snprintf(ret, size,
		 "stack %s has cost %.2f of the %.2f %s of its budget this month, and "
		 "will have cost %.2f %s at its end",
		 stack, b->spent, b->most.amount, unit, b->projected, unit);
	n = strlen(ret);
	if (budget_is_tight(b))
		snprintf(ret + n, size - n,
			 ": instances are started for the demand that is there, none "
			 "ahead of it, and none is ended for it");
	n = strlen(ret);
	if (b->has_others)
		snprintf(ret + n, size - n,
			 "; what it cost in other currencies is not counted");
	return true;
}
