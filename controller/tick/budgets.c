/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "budgets.h"

#include "check.h"
#include "money.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 60000 /* calendar: a minute is entered at a time */

/* One that is not simply kept. */
struct budget_told {
	char *stack;
	bool is_tight;
	char text[400];
};

struct budgets {
	struct db *db;
	int64_t looked_ms;
	struct budget_told *v; /* [n] by stack */
	size_t n;
};

struct budgets *budgets_new(struct db *db)
{
	struct budgets *b = xcalloc(1, sizeof(*b));

	b->db = db;
	return b;
}

static void forget(struct budgets *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].stack);
	free(b->v);
	b->v = NULL;
	b->n = 0;
}

void budgets_free(struct budgets *b)
{
	if (!b)
		return;
	forget(b);
	free(b);
}

static void judge(struct budgets *b, const struct costs *c, const struct db_stack *s)
{
	struct budget_told *t = &b->v[b->n];
	struct budget budget;

	if (!budget_judge(c, s->name, s->budget, &budget) ||
	    !budget_problem(&budget, s->name, t->text, sizeof(t->text)))
		return;
	t->stack = xstrdup(s->name);
	t->is_tight = budget_is_tight(&budget);
	b->n++;
}

static bool has_budgets(const struct fleet *f)
{
	for (size_t i = 0; i < f->stacks.n; i++)
		if (*f->stacks.v[i].budget)
			return true;
	return false;
}

static int look(struct budgets *b, const struct fleet *f, struct err *err)
{
	CLEANUP(costs_done) struct costs c = { .n = 0 };
	int rc = has_budgets(f) ? costs_load(b->db, NULL, f->now_ms, &c, err) : 0;

	if (rc < 0)
		return rc;
	forget(b);
	b->v = xcalloc(f->stacks.n + 1, sizeof(*b->v));
	for (size_t i = 0; i < f->stacks.n; i++)
		judge(b, &c, &f->stacks.v[i]);
	b->looked_ms = f->now_ms;
	return 0;
}

static const char *thrift_of(const struct budgets *b, const char *stack)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].is_tight && strcmp(b->v[i].stack, stack) == 0)
			return "its stack will cost more than its budget this month";
	return NULL;
}

int budgets_apply(struct budgets *b, struct fleet *f, struct err *err)
{
	const int64_t passed = f->now_ms - b->looked_ms;
	int rc = 0;

	/* Also after the clock was set back. */
	if (passed < 0 || passed >= LOOK_EVERY_MS)
		rc = look(b, f, err);
	for (size_t i = 0; i < f->n_tiers; i++)
		f->tiers[i].thrift = thrift_of(b, f->tiers[i].t.stack);
	return rc;
}

bool budgets_problem(const struct budgets *b, char *ret, size_t size)
{
	if (b->n == 0)
		return false;
	snprintf(ret, size, "%s", b->v[0].text);
	if (b->n > 1)
		snprintf(ret + strlen(ret), size - strlen(ret),
			 " (and budgets of %zu more stacks)", b->n - 1);
	return true;
}
