/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calendar.h - time zones of the IANA database, and the events of iCalendar files.
 */
#ifndef COMMON_CALENDAR_CALENDAR_H
#define COMMON_CALENDAR_CALENDAR_H

#include "ical.h"
#include "tz.h"

#endif
