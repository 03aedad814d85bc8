/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proc.h - processes: started, watched on the loop, found again after a restart.
 *
 * A process is known by its id and its start time, so that a reused id is never taken
 * for it. It is watched by a pidfd, whether it is our child or not.
 */
#ifndef AGENT_PROCESS_PROC_H
#define AGENT_PROCESS_PROC_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum proc_exit_kind { PROC_EXITED, PROC_SIGNALLED, PROC_UNKNOWN };

/* How it ended; UNKNOWN when it was no child and the kernel cannot tell (before 6.15). */
struct proc_exit {
	enum proc_exit_kind kind;
	int value; /* exit code or signal */
};

struct proc_watch;
/* Called once from the loop; the watch is freed after it. */
typedef void proc_exit_fn(void *arg, struct proc_exit how);

/*
 * ERR_NOT_FOUND when there is no such process now, or its start time is another (0 takes
 * any). A child of ours is reaped by the watch.
 */
int proc_watch_new(struct loop *l, pid_t pid, uint64_t start_ticks, proc_exit_fn *fn,
		   void *arg, struct proc_watch **ret, struct err *err) MUST_CHECK;
void proc_watch_free(struct proc_watch *w); /* NULL is allowed; no call follows */
DEFINE_CLEANUP(struct proc_watch *, proc_watch_free);
/* Nobody is told of its end; it is still reaped then, and the watch freed. */
void proc_watch_release(struct proc_watch *w);
pid_t proc_watch_pid(const struct proc_watch *w);
uint64_t proc_watch_start(const struct proc_watch *w);
/* Never hits another process of the same id. */
void proc_watch_kill(const struct proc_watch *w, int signo);

/* Field 22 of /proc/PID/stat; 0 when there is no such process or it is a zombie. */
uint64_t proc_start_ticks(pid_t pid);

/* What a new process is given. Everything is made ready before; the child only applies.
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
	int oom_score_adjust; /* INT_MIN: leave it */
};

/*
 * Starts a process in a session of its own with default signals. ERR_NOT_FOUND or
 * ERR_DENIED or ERR_INTERNAL with the step that failed: then nothing runs. Waits for the
 * exec, which is local.
 */
int proc_start(const struct proc_spec *spec, pid_t *ret, struct err *err) MUST_CHECK;

/* Visits all processes until fn says false. */
typedef bool proc_each_fn(void *arg, pid_t pid);
void proc_each(proc_each_fn *fn, void *arg);
/* Its environment at exec holds NAME=VALUE exactly. Waits 20 ms at most for one that is
 * just executing. */
bool proc_has_env(pid_t pid, const char *assignment);
bool proc_is_zombie(pid_t pid);

#endif
