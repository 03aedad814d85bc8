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

/* Of commands; units have the same. */
#define PROC_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a new process is given. All is prepared before the fork; the child only applies
 * it.
 */
struct proc_spec {
	const char *path; /* absolute */
	char *const *argv;
	char *const *env;
	const char *workdir; /* NULL: / */
	bool workdir_optional;
	bool no_new_privs;
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

/* A process, and what it will tell of a start that is not over. */
struct proc_started {
	pid_t pid;
	int report_fd; /* for proc_watch_started(); -1: it has executed its program */
};

/*
 * Starts a process in a session of its own with default signals, the environment of spec
 * and no other, and no descriptor or capability that the caller could leave it by
 * accident. ERR_NOT_FOUND or ERR_DENIED or ERR_INTERNAL with the step that failed: then
 * nothing runs. Waits for the exec, but for some milliseconds only: a disk may be slow.
 * What fails after that is told when the process ends.
 */
int proc_start(const struct proc_spec *spec, struct proc_started *ret,
	       struct err *err) MUST_CHECK;

/* Reads what a process that has ended told of its start, and closes the report. False: it
 * executed its program. *ret is for proc_start_describe(). */
bool proc_start_has_failed(int report_fd, int *ret);
/* "executing: No such file or directory" */
void proc_start_describe(int failure, char *text, size_t size);

#endif
