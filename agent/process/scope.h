/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scope.h - a group of systemd's for those of units, beside the agent's service. Inside
 * the room only.
 *
 * Below the service they cannot count processes in cgroup v2: systemd starts the agent
 * anew in the service's own group, in which the kernel then allows no process. A scope is
 * entered by systemd once. It outlives the agent, kept by one process that does nothing.
 */
#ifndef AGENT_PROCESS_SCOPE_H
#define AGENT_PROCESS_SCOPE_H

#include "err.h"

/*
 * The folder of scope NAME.scope, delegated to us, which is made when it is not there.
 * mount: where cgroup v2 is. Waits for systemd, some seconds at most: for the start of
 * the agent. ERR_UNAVAIL in systemd's words.
 */
int scope_open(const char *mount, const char *name, char **ret,
	       struct err *err) MUST_CHECK;

#endif
