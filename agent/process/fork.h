/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fork.h - a copy of this process that computes something. For child.c.
 */
#ifndef AGENT_PROCESS_FORK_H
#define AGENT_PROCESS_FORK_H

#include "child.h"

#include <sys/types.h>

/*
 * work runs in the copy, in a session of its own and without the agent's descriptors;
 * what it puts out is written to fd. If it fails, its struct err is written instead and
 * the status is not 0.
 */
int proc_fork(child_work_fn *work, void *arg, int fd, size_t max_bytes, pid_t *ret,
	      struct err *err) MUST_CHECK;

#endif
