/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h - control groups below our own, one per unit, and the usage of the host's
 * own.
 *
 * Works with cgroup v2, with v1 (the hierarchies name=systemd, cpuacct and pids) and with
 * neither: then there simply are no groups.
 *
 * Where the controller pids can be used, a unit has at most so many processes and
 * threads, and all units together leave some of the host's to the agent and whoever looks
 * after the host: a unit that forks without end takes nobody with it. Where it cannot,
 * that is told.
 */
#ifndef AGENT_PROCESS_CGROUP_H
#define AGENT_PROCESS_CGROUP_H

#include "cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_root;

/* Finds where groups NAME/UNIT can be made; NULL when nowhere. */
struct cgroup_root *cgroup_root_new(const char *name);
void cgroup_root_free(struct cgroup_root *r);
DEFINE_CLEANUP(struct cgroup_root *, cgroup_root_free);

/* The groups of one unit, one per hierarchy; usage is read from the first. */
#define CGROUP_DIRS_MAX 3
struct cgroup {
	char *dirs[CGROUP_DIRS_MAX];
	size_t n;
};

/* How many processes and threads a unit may have. */
struct cgroup_tasks {
	int64_t most; /* -1: as many as all units; 0: not given, as systemd has it */
	double share; /* instead, unless 0: of what the host may have */
};

/* Makes the unit's groups; leaves ret empty when that is not possible. */
void cgroup_make(const struct cgroup_root *r, const char *unit,
		 const struct cgroup_tasks *tasks, struct cgroup *ret);
/* Removes those that are empty and frees the paths. */
void cgroup_remove(struct cgroup *g);
void cgroup_done(struct cgroup *g); /* frees the paths only */

/* Opens each cgroup.procs for writing; returns how many. */
size_t cgroup_open_procs(const struct cgroup *g, int fds[CGROUP_DIRS_MAX]);

typedef void cgroup_each_fn(void *arg, pid_t pid);
void cgroup_each(const struct cgroup *g, cgroup_each_fn *fn, void *arg);

/* CPU time used by its processes, seconds; negative when not known. */
double cgroup_cpu_seconds(const struct cgroup *g);

/* Usage and limits of the host's own group; negative when not known or not limited. */
struct cgroup_usage {
	double cpu_seconds;
	double cpu_limit_cores;
	double memory_bytes; /* without page cache that can be dropped */
	double memory_limit_bytes;
};
void cgroup_own_usage(struct cgroup_usage *ret);

#endif
