/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - causes, constraints and modes as they are named in the API.
 */
#include "decide.h"

#include <string.h>

const char *decide_cause_name(enum decide_cause cause)
{
	static const char *const names[] = {
		[DECIDE_STEADY] = "steady",     [DECIDE_FORECAST] = "forecast",
		[DECIDE_REACTIVE] = "reactive", [DECIDE_OVERDUE] = "overdue",
		[DECIDE_FELL] = "demand-fell",  [DECIDE_MIN] = "min",
		[DECIDE_MAX] = "max",           [DECIDE_SCHEDULE] = "schedule",
		[DECIDE_PRIORITY] = "priority", [DECIDE_KEPT] = "kept",
	};

	return names[cause];
}

const char *decide_binding_name(enum decide_binding binding)
{
	static const char *const names[] = {
		[DECIDE_BY_NOTHING] = "none",
		[DECIDE_BY_FORECAST] = "forecast",
		[DECIDE_BY_DEMAND] = "demand",
		[DECIDE_BY_DWELL] = "dwell",
		[DECIDE_BY_AGAIN] = "needed-again",
		[DECIDE_BY_ACTION] = "action-price",
		[DECIDE_BY_THRIFT] = "thrift",
		[DECIDE_BY_PAID] = "paid",
		[DECIDE_BY_STEP_OUT] = "step-out",
		[DECIDE_BY_STEP_IN] = "step-in",
		[DECIDE_BY_BUDGET] = "budget",
		[DECIDE_BY_FLOOR] = "schedule-min",
		[DECIDE_BY_CEILING] = "schedule-max",
		[DECIDE_BY_MIN] = "min",
		[DECIDE_BY_MAX] = "max",
		[DECIDE_BY_PRIORITY] = "priority",
		[DECIDE_BY_NO_CAPACITY] = "no-capacity",
		[DECIDE_BY_NO_DATA] = "no-data",
		[DECIDE_BY_STALE_DATA] = "stale-data",
		[DECIDE_BY_MISSING] = "missing-data",
		[DECIDE_BY_DISTRUST] = "distrust",
		[DECIDE_BY_NO_FORECAST] = "no-forecast",
		[DECIDE_BY_STATEFUL] = "stateful",
		[DECIDE_BY_MODE] = "mode",
		[DECIDE_BY_HOLD] = "hold",
	};

	return names[binding];
}

const char *decide_mode_name(enum decide_mode mode)
{
	static const char *const names[] = {
		[DECIDE_OBSERVE] = "observe",
		[DECIDE_OUT] = "out",
		[DECIDE_AUTO] = "auto",
	};

	return names[mode];
}

int decide_mode_parse(const char *name, enum decide_mode *ret, struct err *err)
{
	for (int m = DECIDE_OBSERVE; m <= DECIDE_AUTO; m++)
		if (strcmp(name, decide_mode_name((enum decide_mode)m)) == 0) {
			*ret = (enum decide_mode)m;
			return 0;
		}
	return err_set(err, ERR_INVAL, "mode '%s' is not one of observe, out, auto",
		       name);
}
