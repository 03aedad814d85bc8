/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drill_window.h - when faults may be made on purpose: "sun 02:00-04:00", "mon-fri
 * 10:00-11:00", "daily 03:00-04:00" or a date, as in a schedule, by the stack's clock.
 */
#ifndef CONTROLLER_STACKS_DRILL_WINDOW_H
#define CONTROLLER_STACKS_DRILL_WINDOW_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

/* ERR_INVAL: it is not a window. */
int drill_window_check(const char *window, struct err *err) MUST_CHECK;

/* Whether it is open at a time. zone: "Europe/Stockholm". */
int drill_window_is_open(const char *window, const char *zone, int64_t at_ms, bool *ret,
			 struct err *err) MUST_CHECK;

#endif
