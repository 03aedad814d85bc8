/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * civil.h - dates of the Gregorian calendar and the numbers of days. See tz_day_number().
 */
#ifndef COMMON_CALENDAR_CIVIL_H
#define COMMON_CALENDAR_CIVIL_H

#include "tz.h"

/* Rounded down, for b > 0. */
int64_t tz_floor_div(int64_t a, int64_t b);
/* Sets year, month and day from day_number. */
void tz_civil_set_date(struct tz_civil *c);

#endif
