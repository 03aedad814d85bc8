/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_calendar.h - the schedules of a tier as the database has them.
 */
#ifndef CONTROLLER_STACKS_TIER_CALENDAR_H
#define CONTROLLER_STACKS_TIER_CALENDAR_H

#include "db.h"
#include "rule.h"

/* ret is the caller's: calendar_done(). */
int tier_calendar(const struct db_tier *t, struct calendar *ret,
		  struct err *err) MUST_CHECK;

#endif
