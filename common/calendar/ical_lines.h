/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ical_lines.h - the lines of an iCalendar file: whether they nest correctly, and
 * where each VEVENT begins. For ical.c alone; libical silently accepts all of it.
 */
#ifndef COMMON_CALENDAR_ICAL_LINES_H
#define COMMON_CALENDAR_ICAL_LINES_H

#include "err.h"

#include <stddef.h>

/*
 * Checks that every line is NAME:value, that components nest and end, at most 8 deep, and
 * that one VCALENDAR contains them all.
 *   ret_lines  [max] the lines of BEGIN:VEVENT, in order
 * Errors are "WHAT:LINE: ...".
 */
int ical_lines_check(const char *text, const char *what, int *ret_lines, size_t max,
		     size_t *ret_n, struct err *err) MUST_CHECK;

#endif
