/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proc.h - processes as /proc shows them.
 */
#ifndef AGENT_PROCESS_PROC_H
#define AGENT_PROCESS_PROC_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* State and start time in ticks, also of a zombie. ERR_NOT_FOUND when there is none. */
int proc_read_stat(pid_t pid, char *ret_state, uint64_t *ret_start) MUST_CHECK;
/* 0 when there is no such process. */
pid_t proc_parent(pid_t pid);
/* Field 22 of /proc/PID/stat; 0 when there is no such process or it is a zombie. */
uint64_t proc_start_ticks(pid_t pid);

/* Visits all processes until fn returns false. */
typedef bool proc_each_fn(void *arg, pid_t pid);
void proc_each(proc_each_fn *fn, void *arg);
/* Its environment at exec holds NAME=VALUE exactly. Waits 20 ms at most for one that is
 * just executing. */
bool proc_has_env(pid_t pid, const char *assignment);
/* The soft limit that /proc/PID/limits calls so, "Max file locks", is this one. */
bool proc_has_limit(pid_t pid, const char *name, uint64_t value);
bool proc_is_zombie(pid_t pid);

#endif
