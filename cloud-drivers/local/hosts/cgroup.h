/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cgroup.h - limits of a host, on any mix of cgroup v1 and v2.
 *
 * A group is a path such as "foretide-1a2b3c/HOST" and is created in every mounted
 * hierarchy that is useful: cpu, cpuacct, memory, pids, freezer, systemd's own, and v2.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_CGROUP_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_CGROUP_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_control {
	CGROUP_CPU = 1 << 0,
	CGROUP_CPUACCT = 1 << 1,
	CGROUP_MEMORY = 1 << 2,
	CGROUP_PIDS = 1 << 3,
	CGROUP_FREEZER = 1 << 4,
	CGROUP_NAMED = 1 << 5,
};

struct cgroup_mount {
	char path[128];
	char options[64]; /* that mount the same hierarchy again */
	unsigned has;     /* enum cgroup_control */
	bool v2;
};

struct cgroups {
	struct cgroup_mount at[12];
	size_t n;
};

/* What is mounted here. ERR_NOT_FOUND when CPU or memory cannot be limited. */
int cgroups_find(struct cgroups *ret, struct err *err) MUST_CHECK;

/* Creates the group, or updates its limits. */
int cgroups_make(const struct cgroups *c, const char *group, double cpu,
		 int64_t memory_bytes, struct err *err) MUST_CHECK;
int cgroups_enter(const struct cgroups *c, const char *group, pid_t pid,
		  struct err *err) MUST_CHECK;
/* Kills its processes and removes it with all below; missing is fine. */
int cgroups_remove(const struct cgroups *c, const char *group, int64_t wait_ms,
		   struct err *err) MUST_CHECK;

#endif
