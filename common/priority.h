/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * priority.h - which threads of a process go first.
 */
#ifndef COMMON_PRIORITY_H
#define COMMON_PRIORITY_H

/* Sets the nice value of the calling thread. Where it may not, that is logged, once: to
 * go below 0 takes CAP_SYS_NICE, or a limit RLIMIT_NICE (LimitNICE= of systemd). */
void priority_set(int nice);

#endif
