/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "price.h"

#include "check.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AMOUNT_MAX 1e9
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* "0.0416 USD" and what follows it, such as "/h". */
static bool read_money(const char *text, const char *per, struct money *ret)
{
	char number[32], currency[CURRENCY_TEXT], unit[16], end;

	if (sscanf(text, "%31s %3[" UPPER "]/%15s%c", number, currency, unit, &end) !=
		    3 ||
	    strlen(currency) != CURRENCY_TEXT - 1 || strcmp(unit, per) != 0 ||
	    strchr(number, '%') || conf_parse_number(number, &ret->amount, NULL) < 0 ||
	    !(ret->amount >= 0 && ret->amount <= AMOUNT_MAX))
		return false;
	memcpy(ret->currency, currency, sizeof(currency));
	return true;
}

int price_parse(const char *text, struct price *ret, struct err *err)
{
	static const char spot[] = "spot ";
	CLEANUP(free) char *regular = xstrdup(text);
	char *rest = strchr(regular, ',');
	struct money other;

	if (rest)
		*rest++ = '\0';
	ret->spot_hour = NAN;
	if (!read_money(regular, "h", &ret->hour))
		return err_set(err, ERR_INVAL,
			       "'%s' is not a price: write it as 0.0416 USD/h, or 0.0416 "
			       "USD/h, spot 0.0125 USD/h",
			       text);
	if (!rest)
		return 0;
	rest += strspn(rest, " ");
	if (strncmp(rest, spot, strlen(spot)) != 0 ||
	    !read_money(rest + strlen(spot), "h", &other) ||
	    strcmp(other.currency, ret->hour.currency) != 0)
		return err_set(
			err, ERR_INVAL,
			"'%s': after the comma belongs the price of spot capacity, "
			"in the same currency: spot 0.0125 %s/h",
			text, ret->hour.currency);
	ret->spot_hour = other.amount;
	return 0;
}

int budget_parse(const char *text, struct money *ret, struct err *err)
{
	if (read_money(text, "month", ret) && ret->amount > 0)
		return 0;
	return err_set(err, ERR_INVAL, "'%s' is not a budget: write it as 300 USD/month",
		       text);
}
