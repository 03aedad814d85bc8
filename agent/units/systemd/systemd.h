/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systemd.h - units run by the systemd of this host, which is asked over D-Bus.
 *
 * Their files are in /run/systemd/system, by which the next run of the agent finds them.
 */
#ifndef AGENT_UNITS_SYSTEMD_SYSTEMD_H
#define AGENT_UNITS_SYSTEMD_SYSTEMD_H

#include "units.h"

/* ERR_UNAVAIL when PID 1 is not systemd or does not answer. */
int units_systemd_open(struct loop *loop, const struct units_opts *opts,
		       struct units **ret, struct err *err) MUST_CHECK;

#endif
