/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cgroup.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Short, so that a tenth of a core is 2 ms in every 20, not a stall of 90 ms. */
#define CPU_PERIOD_US 20000
#define PIDS_MAX 8192

static const struct {
	const char *word;
	unsigned control;
} controls[] = {
	{ "cpu", CGROUP_CPU },         { "cpuacct", CGROUP_CPUACCT },
	{ "memory", CGROUP_MEMORY },   { "pids", CGROUP_PIDS },
	{ "freezer", CGROUP_FREEZER }, { "name=systemd", CGROUP_NAMED },
};

static unsigned control_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (strcmp(word, controls[i].word) == 0)
			return controls[i].control;
	return 0;
}

/* ---------------------------------------------------------------- what is mounted */

static unsigned read_v2_controls(const char *path)
{
	CLEANUP(free) char *name = xasprintf("%s/cgroup.controllers", path);
	CLEANUP(fclose) FILE *f = fopen(name, "re");
	unsigned has = CGROUP_CPUACCT; /* v2 always counts */
	char word[64];

	while (f && fscanf(f, "%63s", word) == 1)
		has |= control_of(word);
	return has;
}

/* options: such as "rw,cpu,cpuacct" */
static unsigned read_v1_controls(char *options, char *ret, size_t size)
{
	unsigned has = 0;
	char *save = NULL;
	size_t used = 0;

	for (char *word = strtok_r(options, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		unsigned control = control_of(word);

		if (!control)
			continue;
		has |= control;
		used += (size_t)snprintf(ret + used, size - used, "%s%s%s",
					 used ? "," : "",
					 control == CGROUP_NAMED ? "none," : "", word);
		if (used >= size)
			return 0;
	}
	return has;
}

static void add_mount(struct cgroups *c, const char *path, const char *type,
		      char *options)
{
	struct cgroup_mount m = { .v2 = strcmp(type, "cgroup2") == 0 };

	if (c->n == ARRAY_SIZE(c->at) || strlen(path) >= sizeof(m.path))
		return;
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->at[i].path, path) == 0)
			return;
	snprintf(m.path, sizeof(m.path), "%s", path);
	m.has = m.v2 ? read_v2_controls(path)
		     : read_v1_controls(options, m.options, sizeof(m.options));
	if (m.has)
		c->at[c->n++] = m;
}

/* A controller used by a v1 hierarchy is not available to v2. */
static void settle_v2(struct cgroups *c)
{
	unsigned v1 = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!c->at[i].v2)
			v1 |= c->at[i].has;
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].v2)
			c->at[i].has &= ~v1;
}

int cgroups_find(struct cgroups *ret, struct err *err)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct cgroups c = { .n = 0 };
	struct mntent m;
	char text[4096];
	unsigned has = 0;

	if (!f)
		return err_errno(err, ERR_INTERNAL, "/proc/self/mounts");
	while (getmntent_r(f, &m, text, sizeof(text)))
		if (strncmp(m.mnt_type, "cgroup", 6) == 0)
			add_mount(&c, m.mnt_dir, m.mnt_type, m.mnt_opts);
	endmntent(f);
	settle_v2(&c);
	for (size_t i = 0; i < c.n; i++)
		has |= c.at[i].has;
	if (!(has & CGROUP_CPU) || !(has & CGROUP_MEMORY))
		return err_set(err, ERR_NOT_FOUND,
			       "this machine offers no cgroup controller for %s: mount "
			       "cgroup v2 at /sys/fs/cgroup, or v1's cpu and memory",
			       has & CGROUP_CPU ? "memory" : "CPU time");
	*ret = c;
	return 0;
}

/* ---------------------------------------------------------------- groups */

static int write_value(const char *dir, const char *file, const char *value,
		       struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, file);
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);

	if (fd < 0 || write(fd, value, len) != (ssize_t)len)
		return err_errno(err, ERR_INTERNAL, "writing '%s' to %s", value, path);
	return 0;
}

/* Enables v2's controllers for the groups below dir; the kernel rejects missing ones. */
static void hand_down(const struct cgroup_mount *m, const char *dir)
{
	if (!m->v2)
		return;
	if (m->has & CGROUP_CPU)
		(void)write_value(dir, "cgroup.subtree_control", "+cpu", NULL);
	if (m->has & CGROUP_MEMORY)
		(void)write_value(dir, "cgroup.subtree_control", "+memory", NULL);
	if (m->has & CGROUP_PIDS)
		(void)write_value(dir, "cgroup.subtree_control", "+pids", NULL);
}

static int make_path(const struct cgroup_mount *m, const char *group, char **ret,
		     struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", m->path, group);
	size_t base = strlen(m->path);

	for (char *p = path + base; p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (p > path + base && mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(err, ERR_INTERNAL, "creating the cgroup %s",
					 path);
		hand_down(m, path);
		*p = '/';
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_errno(err, ERR_INTERNAL, "creating the cgroup %s", path);
	*ret = TAKE(path);
	return 0;
}

static int set_limits(const struct cgroup_mount *m, const char *dir, double cpu,
		      int64_t memory_bytes, struct err *err)
{
	long quota = (long)(cpu * CPU_PERIOD_US);
	char text[64];
	int rc = 0;

	if (m->has & CGROUP_CPU && m->v2) {
		snprintf(text, sizeof(text), "%ld %d", quota, CPU_PERIOD_US);
		rc = write_value(dir, "cpu.max", text, err);
	} else if (m->has & CGROUP_CPU) {
		snprintf(text, sizeof(text), "%d", CPU_PERIOD_US);
		rc = write_value(dir, "cpu.cfs_period_us", text, err);
		snprintf(text, sizeof(text), "%ld", quota);
		if (rc == 0)
			rc = write_value(dir, "cpu.cfs_quota_us", text, err);
	}
	if (rc == 0 && m->has & CGROUP_MEMORY) {
		snprintf(text, sizeof(text), "%lld", (long long)memory_bytes);
		rc = write_value(dir, m->v2 ? "memory.max" : "memory.limit_in_bytes",
				 text, err);
	}
	if (rc == 0 && m->has & CGROUP_PIDS) {
		snprintf(text, sizeof(text), "%d", PIDS_MAX);
		rc = write_value(dir, "pids.max", text, err);
	}
	return rc;
}

int cgroups_make(const struct cgroups *c, const char *group, double cpu,
		 int64_t memory_bytes, struct err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		CLEANUP(free) char *dir = NULL;
		int rc = make_path(&c->at[i], group, &dir, err);

		if (rc == 0)
			rc = set_limits(&c->at[i], dir, cpu, memory_bytes, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int cgroups_enter(const struct cgroups *c, const char *group, pid_t pid, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < c->n; i++) {
		CLEANUP(free) char *dir = xasprintf("%s/%s", c->at[i].path, group);
		int rc = write_value(dir, "cgroup.procs", text, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---------------------------------------------------------------- removal */

static void kill_members(const char *dir)
{
	CLEANUP(free) char *path = xasprintf("%s/cgroup.procs", dir);
	CLEANUP(fclose) FILE *f = fopen(path, "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		if (pid > 1)
			(void)kill(pid, SIGKILL);
}

/* Groups below first: a host's processes may have created some. */
static int remove_group(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : -1;
	while ((e = readdir(d))) {
		CLEANUP(free) char *below = NULL;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		below = xasprintf("%s/%s", dir, e->d_name);
		(void)remove_group(below);
	}
	closedir(d);
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	kill_members(dir);
	return -1;
}

int cgroups_remove(const struct cgroups *c, const char *group, int64_t wait_ms,
		   struct err *err)
{
	int64_t deadline = clock_mono_ms() + wait_ms;

	for (size_t i = 0; i < c->n; i++) {
		CLEANUP(free) char *dir = xasprintf("%s/%s", c->at[i].path, group);

		while (remove_group(dir) < 0) {
			if (clock_mono_ms() >= deadline)
				return err_errno(err, ERR_TIMEOUT,
						 "removing the cgroup %s", dir);
			(void)poll(NULL, 0, 2);
		}
	}
	return 0;
}
