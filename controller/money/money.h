/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * money.h - what hosts cost: prices, the sums of what was paid, budgets. Amounts of
 * different currencies are never added.
 */
#ifndef CONTROLLER_MONEY_MONEY_H
#define CONTROLLER_MONEY_MONEY_H

#include "beside.h"
#include "budget.h"
#include "costs.h"
#include "price.h"
#include "price_book.h"

#endif
