/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * env.h - the environment that a unit's processes are given.
 */
#ifndef AGENT_UNITS_OWN_ENV_H
#define AGENT_UNITS_OWN_ENV_H

#include "ids.h"
#include "unit.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* NAME=VALUE, each name once; the caller owns the list. Reads EnvironmentFile=. */
int unit_make_env(const struct unit *u, enum unit_exec kind, const struct ids *ids,
		  char ***ret, struct err *err) MUST_CHECK;

#endif
