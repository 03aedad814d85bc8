/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * own.h - units run by our own supervisor, which does for them what systemd would.
 *
 * Units keep running when the agent exits, and are adopted by its next run.
 */
#ifndef AGENT_UNITS_OWN_OWN_H
#define AGENT_UNITS_OWN_OWN_H

#include "units.h"

/* Adopts what a previous run of the agent started. */
int units_own_open(struct loop *loop, const struct units_opts *opts, struct units **ret,
		   struct err *err) MUST_CHECK;

#endif
