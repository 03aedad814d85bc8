/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.h - processes: started, watched, found in /proc, kept in control groups; and
 * commands that are run without blocking the loop.
 */
#ifndef AGENT_PROCESS_PROCESS_H
#define AGENT_PROCESS_PROCESS_H

#include "cgroup.h"
#include "child.h"
#include "proc.h"
#include "shell.h"
#include "start.h"
#include "watch.h"

#endif
