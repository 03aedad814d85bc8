/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * price.h - prices and budgets as people write them. Pure.
 */
#ifndef CONTROLLER_MONEY_PRICE_H
#define CONTROLLER_MONEY_PRICE_H

#include "err.h"

#define CURRENCY_TEXT 4 /* "USD" and its NUL: a code of ISO 4217 */

/* In [prices DRIVER]: the price of all types that have none otherwise. */
#define PRICE_OF_ANY "any"

struct money {
	double amount; /* not negative */
	char currency[CURRENCY_TEXT];
};

/* Of a host, an hour. */
struct price {
	struct money hour;
	double spot_hour; /* in the same currency; NaN: none is stated */
};

/* "0.0416 USD/h" or "0.0416 USD/h, spot 0.0125 USD/h". ERR_INVAL with what is wrong. */
int price_parse(const char *text, struct price *ret, struct err *err) MUST_CHECK;

/* "300 USD/month", above 0. */
int budget_parse(const char *text, struct money *ret, struct err *err) MUST_CHECK;

#endif
