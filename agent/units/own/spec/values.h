/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * values.h - time spans and signals in unit files, after systemd.time(7). Pure.
 */
#ifndef AGENT_UNITS_OWN_SPEC_VALUES_H
#define AGENT_UNITS_OWN_SPEC_VALUES_H

#include "err.h"

#include <stdint.h>

/* "5min 20s", "100ms", "2" (seconds), "infinity" (-1); in ms. */
int unit_time_span(const char *text, int64_t *ret_ms, struct err *err) MUST_CHECK;

/* "SIGTERM", "TERM" or a number. */
int unit_signal(const char *text, int *ret, struct err *err) MUST_CHECK;

#endif
