/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * budgets.h - what stacks' budgets allow, looked at once a minute, as the ledger's costs
 * change.
 */
#ifndef CONTROLLER_TICK_BUDGETS_H
#define CONTROLLER_TICK_BUDGETS_H

#include "fleet.h"

struct budgets;

struct budgets *budgets_new(struct db *db);
void budgets_free(struct budgets *b);
DEFINE_CLEANUP(struct budgets *, budgets_free);

/* Sets the tiers' thrift, whose text lives until the next call. A failure leaves what was
 * found before. */
int budgets_apply(struct budgets *b, struct fleet *f, struct err *err) MUST_CHECK;

/* Of the stacks whose budget is nearly spent, or too small, in the first's words. */
bool budgets_problem(const struct budgets *b, char *ret, size_t size);

#endif
