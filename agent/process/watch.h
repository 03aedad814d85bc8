/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - a process watched on the loop until it ends, by a pidfd: our child or not.
 *
 * A process is known by its id and its start time, so that a reused id is never
 * mistaken for it.
 */
#ifndef AGENT_PROCESS_WATCH_H
#define AGENT_PROCESS_WATCH_H

#include "cleanup.h"
#include "err.h"
#include "net.h"
#include "start.h"

#include <stdint.h>
#include <sys/types.h>

enum proc_exit_kind { PROC_EXITED, PROC_SIGNALLED, PROC_UNKNOWN, PROC_NOT_STARTED };

/* How it exited; UNKNOWN when it was not our child and the kernel does not report it
 * (before 6.15); NOT_STARTED when it never executed its program. */
struct proc_exit {
	enum proc_exit_kind kind;
	int value; /* exit code or signal; of one not started: for proc_start_describe()
		    */
};

/* Whether there is an exit code or a signal. */
bool proc_exit_is_known(struct proc_exit how);

struct proc_watch;
/* Called once from the loop; the watch is freed after it. */
typedef void proc_exit_fn(void *arg, struct proc_exit how);

/*
 * ERR_NOT_FOUND when there is no such process, or its start time differs (0 accepts
 * any). A child of ours is reaped by the watch.
 */
int proc_watch_new(struct loop *l, pid_t pid, uint64_t start_ticks, proc_exit_fn *fn,
		   void *arg, struct proc_watch **ret, struct err *err) MUST_CHECK;
/* The same for one that proc_start() has started; owns its report, also when it fails. */
int proc_watch_started(struct loop *l, const struct proc_started *p, proc_exit_fn *fn,
		       void *arg, struct proc_watch **ret, struct err *err) MUST_CHECK;
void proc_watch_free(struct proc_watch *w); /* NULL is allowed; no call follows */
DEFINE_CLEANUP(struct proc_watch *, proc_watch_free);
/* Its exit is no longer reported; it is still reaped, and the watch freed then. */
void proc_watch_release(struct proc_watch *w);
pid_t proc_watch_pid(const struct proc_watch *w);
uint64_t proc_watch_start(const struct proc_watch *w);
/* Never hits a different process of the same id. */
void proc_watch_kill(const struct proc_watch *w, int signo);

#endif
