/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.h - child processes, /proc and cgroups.
 */
#ifndef AGENT_PROCESS_PROCESS_H
#define AGENT_PROCESS_PROCESS_H

#include "cgroup.h"
#include "child.h"
#include "proc.h"
#include "shell.h"

#endif
