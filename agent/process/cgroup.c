/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cgroup.h"

#include "cgroup_v2.h"
#include "check.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SMALL_FILE_BYTES (256 * 1024)
#define TASKS_OF_UNITS 0.8 /* of the host's, all units together */
#define TASKS_OF_UNIT 0.15 /* as systemd's DefaultTasksMax= */
#define TASKS_OF_UNIT_LEAST 512

struct cgroup_root {
	char *dirs[CGROUP_DIRS_MAX]; /* of the name given */
	size_t n;
	double tasks; /* that the host may have */
	bool is_limited;
};

/* ---------------------------------------------------------------- where we are */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* Our path in a hierarchy, from /proc/self/cgroup ("" controller: v2). */
static char *own_path(const char *controller)
{
	CLEANUP(free) char *text = NULL;
	char *next, *line;

	if (conf_read_file("/proc/self/cgroup", SMALL_FILE_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	for (next = text; (line = strsep(&next, "\n"));) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		controllers++;
		if (*controller ? has_word(controllers, controller) : !*controllers)
			return xstrdup(path);
	}
	return NULL;
}

/* Where a hierarchy is mounted. */
static char *mount_point(const char *controller)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	char *dir = NULL;

	while (f && !dir && (m = getmntent(f)))
		if (*controller ? strcmp(m->mnt_type, "cgroup") == 0 &&
					  hasmntopt(m, controller)
				: strcmp(m->mnt_type, "cgroup2") == 0)
			dir = xstrdup(m->mnt_dir);
	if (f)
		endmntent(f);
	return dir;
}

/* Ours is the group that this process was started in, before it was moved. */
static void cut_main(char *path)
{
	static const char tail[] = "/" CGROUP_MAIN;
	const size_t len = strlen(path), n = strlen(tail);

	if (len >= n && strcmp(path + len - n, tail) == 0)
		path[len - n] = '\0';
}

/* The folder of our own group; the mount point where our path is not visible in it. */
static char *own_dir(const char *controller)
{
	CLEANUP(free) char *mount = mount_point(controller);
	CLEANUP(free) char *path = own_path(controller);
	char *dir;

	if (!mount || !path)
		return NULL;
	cut_main(path);
	dir = xasprintf("%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
	if (access(dir, F_OK) == 0)
		return dir;
	free(dir);
	return TAKE(mount);
}

/* ---------------------------------------------------------------- small files */

static char *read_small(const char *dir, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);
	char *text = NULL;

	if (conf_read_file(path, SMALL_FILE_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

static double read_number(const char *dir, const char *name)
{
	CLEANUP(free) char *text = read_small(dir, name);
	char *end;
	double x;

	if (!text)
		return -1;
	x = strtod(text, &end);
	return end == text ? -1 : x;
}

/* ---------------------------------------------------------------- groups of units */

static bool make_dir(const char *dir)
{
	return mkdir(dir, 0755) == 0 || errno == EEXIST;
}

/* False: where it cannot be limited, it is not. */
static bool limit_tasks(const char *dir, double most)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)most);
	return cgroup_write(dir, "pids.max", text);
}

/* What the kernel and our own group allow. */
static double tasks_of_host(void)
{
	CLEANUP(free) char *pids = own_dir("pids");
	CLEANUP(free) char *v2 = own_dir("");
	const double limits[] = { read_number("/proc/sys/kernel", "pid_max"),
				  read_number("/proc/sys/kernel", "threads-max"),
				  pids ? read_number(pids, "pids.max") : -1,
				  v2 ? read_number(v2, "pids.max") : -1 };
	double least = 32768;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i] > 0 && (i == 0 || limits[i] < least))
			least = limits[i];
	return least;
}

static void limit_root(struct cgroup_root *r, const char *own, bool is_v2)
{
	const char *dir = r->dirs[r->n - 1];

	r->tasks = tasks_of_host();
	if (is_v2 && cgroup_count_below(own))
		(void)cgroup_write(dir, "cgroup.subtree_control", "+pids");
	r->is_limited |= limit_tasks(dir, r->tasks * TASKS_OF_UNITS);
}

static void tell_unlimited(void)
{
	log_warn("tasks-not-limited",
		 STR("why", "the groups of units cannot count processes: other processes "
			    "are in the agent's own group, or the controller pids is "
			    "not there"),
		 STR("effect", "a unit that forks without end takes this host with it"),
		 STR("do", "start the agent in a group of its own; under systemd, with "
			   "DelegateSubgroup=" CGROUP_MAIN));
}

struct cgroup_root *cgroup_root_new(const char *name)
{
	static const char *const v1[] = { "name=systemd", "cpuacct", "pids" };
	struct cgroup_root *r = xcalloc(1, sizeof(*r));

	for (size_t i = 0; i <= ARRAY_SIZE(v1) && r->n < CGROUP_DIRS_MAX; i++) {
		const bool is_v2 = i == ARRAY_SIZE(v1);
		CLEANUP(free) char *own = own_dir(is_v2 ? "" : v1[i]);
		CLEANUP(free) char *dir = own ? xasprintf("%s/%s", own, name) : NULL;

		if (!dir || !make_dir(dir))
			continue;
		r->dirs[r->n++] = TAKE(dir);
		limit_root(r, own, is_v2);
	}
	if (!r->is_limited)
		tell_unlimited();
	if (r->n)
		return r;
	free(r);
	return NULL;
}

void cgroup_root_free(struct cgroup_root *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		(void)rmdir(r->dirs[i]); /* stays while units are in it */
		free(r->dirs[i]);
	}
	free(r);
}

static double tasks_of_unit(const struct cgroup_root *r, const struct cgroup_tasks *t)
{
	const double all = r->tasks * TASKS_OF_UNITS;

	if (t->share > 0)
		return MIN(all, r->tasks * t->share);
	if (t->most > 0)
		return MIN(all, (double)t->most);
	return t->most < 0 ? all
			   : MIN(all, MAX(r->tasks * TASKS_OF_UNIT, TASKS_OF_UNIT_LEAST));
}

void cgroup_make(const struct cgroup_root *r, const char *unit,
		 const struct cgroup_tasks *tasks, struct cgroup *ret)
{
	*ret = (struct cgroup){ 0 };
	for (size_t i = 0; r && i < r->n; i++) {
		CLEANUP(free) char *dir = xasprintf("%s/%s", r->dirs[i], unit);

		(void)make_dir(r->dirs[i]);
		if (!make_dir(dir))
			continue;
		(void)limit_tasks(dir, tasks_of_unit(r, tasks));
		ret->dirs[ret->n++] = TAKE(dir);
	}
}

void cgroup_done(struct cgroup *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->dirs[i]);
	*g = (struct cgroup){ 0 };
}

void cgroup_remove(struct cgroup *g)
{
	for (size_t i = 0; i < g->n; i++)
		(void)rmdir(g->dirs[i]);
	cgroup_done(g);
}

size_t cgroup_open_procs(const struct cgroup *g, int fds[CGROUP_DIRS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		CLEANUP(free) char *path = xasprintf("%s/cgroup.procs", g->dirs[i]);

		fds[n] = open(path, O_WRONLY | O_CLOEXEC);
		n += fds[n] >= 0;
	}
	return n;
}

void cgroup_each(const struct cgroup *g, cgroup_each_fn *fn, void *arg)
{
	CLEANUP(free) char *text = g->n ? read_small(g->dirs[0], "cgroup.procs") : NULL;
	char *p = text, *line;

	while (p && (line = strsep(&p, "\n")))
		if (*line)
			fn(arg, (pid_t)strtol(line, NULL, 10));
}

/* ---------------------------------------------------------------- usage */

/* A line "KEY NUMBER" of a file. */
static double read_key(const char *dir, const char *name, const char *key)
{
	CLEANUP(free) char *text = read_small(dir, name);
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
	x = read_number(dir, "cpuacct.usage");
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
	CLEANUP(free) char *text = read_small(dir, "cpu.max");
	double quota, period;

	if (!text || sscanf(text, "%lf %lf", &quota, &period) != 2 || period <= 0)
		return -1;
	return quota / period;
}

static double cpu_limit_v1(const char *dir)
{
	double quota = read_number(dir, "cpu.cfs_quota_us");
	double period = read_number(dir, "cpu.cfs_period_us");

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
	u->memory_bytes = without_cache(read_number(dir, "memory.current"),
					read_key(dir, "memory.stat", "inactive_file"));
	u->memory_limit_bytes = limit_or_none(read_number(dir, "memory.max"));
}

void cgroup_own_usage(struct cgroup_usage *ret)
{
	CLEANUP(free) char *v2 = own_dir("");
	CLEANUP(free) char *cpuacct = own_dir("cpuacct");
	CLEANUP(free) char *cpu = own_dir("cpu");
	CLEANUP(free) char *memory = own_dir("memory");

	*ret = (struct cgroup_usage){ -1, -1, -1, -1 };
	if (v2)
		usage_v2(v2, ret);
	if (cpuacct && ret->cpu_seconds < 0)
		ret->cpu_seconds = cpu_seconds_in(cpuacct);
	if (cpu && ret->cpu_limit_cores < 0)
		ret->cpu_limit_cores = cpu_limit_v1(cpu);
	if (memory && ret->memory_bytes < 0) {
		ret->memory_bytes = without_cache(
			read_number(memory, "memory.usage_in_bytes"),
			read_key(memory, "memory.stat", "total_inactive_file"));
		ret->memory_limit_bytes =
			limit_or_none(read_number(memory, "memory.limit_in_bytes"));
	}
}
