/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "civil.h"

/* Days in years before year, counted from 0000-03-01, so that leap days end a year. */
int64_t tz_day_number(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * m + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

int64_t tz_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void tz_civil_set_date(struct tz_civil *c)
{
	int64_t days = c->day_number + 719468;
	int64_t era = tz_floor_div(days, 146097);
	int64_t day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * of_year + 2) / 153;

	c->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = (int)(year + era * 400 + (c->month <= 2));
}
