/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the processes of a group use. */
#include "cgroup.h"

#include "cgroup_files.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line "KEY NUMBER" of a file. */
static double read_key(const char *dir, const char *name, const char *key)
{
	CLEANUP(free) char *text = cgroup_read(dir, name);
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, n) == 0 && p[n] == ' ')
			return strtod(p + n + 1, NULL);
	}
	return -1;
}

static double cpu_seconds_in(const char *dir)
{
	double x = read_key(dir, "cpu.stat", "usage_usec");

	if (x >= 0)
		return x / 1e6;
	x = cgroup_read_number(dir, "cpuacct.usage");
	return x >= 0 ? x / 1e9 : -1;
}

double cgroup_cpu_seconds(const struct cgroup *g)
{
	for (size_t i = 0; i < g->n; i++) {
		double x = cpu_seconds_in(g->dirs[i]);

		if (x >= 0)
			return x;
	}
	return -1;
}

static double cpu_limit_v2(const char *dir)
{
	CLEANUP(free) char *text = cgroup_read(dir, "cpu.max");
	double quota, period;

	if (!text || sscanf(text, "%lf %lf", &quota, &period) != 2 || period <= 0)
		return -1;
	return quota / period;
}

static double cpu_limit_v1(const char *dir)
{
	double quota = cgroup_read_number(dir, "cpu.cfs_quota_us");
	double period = cgroup_read_number(dir, "cpu.cfs_period_us");

	return quota > 0 && period > 0 ? quota / period : -1;
}

/* v1 writes "no limit" as a number near 2^63. */
static double limit_or_none(double x)
{
	return x > 0 && x < 4e18 ? x : -1;
}

static double without_cache(double used, double inactive_file)
{
	return used >= 0 && inactive_file > 0 && inactive_file < used
		       ? used - inactive_file
		       : used;
}

static void usage_v2(const char *dir, struct cgroup_usage *u)
{
	u->cpu_seconds = cpu_seconds_in(dir);
	u->cpu_limit_cores = cpu_limit_v2(dir);
	u->memory_bytes = without_cache(cgroup_read_number(dir, "memory.current"),
					read_key(dir, "memory.stat", "inactive_file"));
	u->memory_limit_bytes = limit_or_none(cgroup_read_number(dir, "memory.max"));
}

void cgroup_own_usage(struct cgroup_usage *ret)
{
	CLEANUP(free) char *v2 = cgroup_own_dir("");
	CLEANUP(free) char *cpuacct = cgroup_own_dir("cpuacct");
	CLEANUP(free) char *cpu = cgroup_own_dir("cpu");
	CLEANUP(free) char *memory = cgroup_own_dir("memory");

	*ret = (struct cgroup_usage){ -1, -1, -1, -1 };
	if (v2)
		usage_v2(v2, ret);
	if (cpuacct && ret->cpu_seconds < 0)
		ret->cpu_seconds = cpu_seconds_in(cpuacct);
	if (cpu && ret->cpu_limit_cores < 0)
		ret->cpu_limit_cores = cpu_limit_v1(cpu);
	if (memory && ret->memory_bytes < 0) {
		ret->memory_bytes = without_cache(
			cgroup_read_number(memory, "memory.usage_in_bytes"),
			read_key(memory, "memory.stat", "total_inactive_file"));
		ret->memory_limit_bytes = limit_or_none(
			cgroup_read_number(memory, "memory.limit_in_bytes"));
	}
}
