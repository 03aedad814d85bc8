/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.h - starts a process with limits, ids, a control group and the like.
 */
#ifndef AGENT_PROCESS_START_H
#define AGENT_PROCESS_START_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What a new process is given. All is prepared before the fork; the child only applies
 * it.
 */
struct proc_spec {
	const char *path; /* absolute */
	char *const *argv;
	char *const *env;
	const char *workdir; /* NULL: / */
	bool workdir_optional;
	bool set_ids; /* uid, gid, groups */
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
	int fds[3];            /* stdin, stdout, stderr; -1: /dev/null */
	const int *cgroup_fds; /* cgroup.procs files, open for writing */
	size_t n_cgroup_fds;
	const struct proc_limit {
		int resource;
		struct rlimit limit;
	} * limits;
	size_t n_limits;
	mode_t umask;
	int nice;
	int oom_score_adjust; /* INT_MIN: unchanged */
};

/*
 * The score with which the kernel's OOM killer should find a unit before the agent: 0 as
 * of any service; more where the agent was not allowed to lower its own.
 */
int proc_oom_score_of_units(void);

/*
 * Starts a process in a session of its own with default signals. ERR_NOT_FOUND or
 * ERR_DENIED or ERR_INTERNAL with the step that failed: then nothing runs. Waits for the
 * exec, which is local.
 */
int proc_start(const struct proc_spec *spec, pid_t *ret, struct err *err) MUST_CHECK;

#endif
