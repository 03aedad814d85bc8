/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * priority.h - which threads of a process go first, and which processes.
 */
#ifndef COMMON_PRIORITY_H
#define COMMON_PRIORITY_H

/* Sets the nice value of the calling thread. Where it may not, that is logged, once: to
 * go below 0 takes CAP_SYS_NICE, or a limit RLIMIT_NICE (LimitNICE= of systemd). */
void priority_set(int nice);

/*
 * Of the whole process beside all others, if it leads a session, as a service does. A
 * thread's own nice value counts only beside those of its session where the kernel shares
 * processors among sessions, as Debian's does (sched(7), "The autogroup feature"). The
 * same right is needed; where there are no such groups, or the process is in a cgroup
 * with a share of its own (CPUWeight= of systemd), it does nothing.
 */
void priority_set_session(int nice);

#endif
