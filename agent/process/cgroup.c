/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cgroup.h"

#include "cgroup_files.h"
#include "cgroup_v2.h"
#include "check.h"
#include "log.h"
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TASKS_OF_UNITS 0.8 /* of the host's, all units together */
#define TASKS_OF_UNIT 0.15 /* as systemd's DefaultTasksMax= */
#define TASKS_OF_UNIT_LEAST 512

struct cgroup_root {
	char *dirs[CGROUP_DIRS_MAX]; /* of the name given */
	size_t n;
	double tasks; /* that the host may have */
	bool is_limited;
};

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
	CLEANUP(free) char *pids = cgroup_own_dir("pids");
	CLEANUP(free) char *v2 = cgroup_own_dir("");
	const double limits[] = { cgroup_read_number("/proc/sys/kernel", "pid_max"),
				  cgroup_read_number("/proc/sys/kernel", "threads-max"),
				  pids ? cgroup_read_number(pids, "pids.max") : -1,
				  v2 ? cgroup_read_number(v2, "pids.max") : -1 };
	double least = 32768;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i] > 0 && (i == 0 || limits[i] < least))
			least = limits[i];
	return least;
}

static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* systemd starts processes in it. */
static bool is_service(const char *dir)
{
	static const char scope[] = ".scope";
	const size_t len = strlen(dir), n = strlen(scope);

	return has_systemd() && (len < n || strcmp(dir + len - n, scope) != 0);
}

/* Where groups of v2 are made: in a scope, unless v1 counts processes already. */
static char *v2_dir(const struct cgroup_root *r, const char *name)
{
	CLEANUP(free) char *mount = cgroup_mount_point("");
	char *dir = NULL;
	struct err err;

	if (!mount || r->is_limited || !has_systemd())
		return cgroup_own_dir("");
	if (scope_open(mount, name, &dir, &err) == 0)
		return dir;
	log_warn("scope-not-made", ERR(&err));
	return cgroup_own_dir("");
}

static void limit_root(struct cgroup_root *r, const char *own, bool is_v2)
{
	const char *dir = r->dirs[r->n - 1];

	r->tasks = tasks_of_host();
	if (is_v2 && !is_service(own) && cgroup_count_below(own))
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
		 STR("do", "start the agent in a group of its own, with the controller "
			   "pids"));
}

struct cgroup_root *cgroup_root_new(const char *name)
{
	static const char *const v1[] = { "name=systemd", "cpuacct", "pids" };
	struct cgroup_root *r = xcalloc(1, sizeof(*r));

	for (size_t i = 0; i <= ARRAY_SIZE(v1) && r->n < CGROUP_DIRS_MAX; i++) {
		const bool is_v2 = i == ARRAY_SIZE(v1);
		CLEANUP(free) char *own = is_v2 ? v2_dir(r, name) : cgroup_own_dir(v1[i]);
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
	CLEANUP(free) char *text = g->n ? cgroup_read(g->dirs[0], "cgroup.procs") : NULL;
	char *p = text, *line;

	while (p && (line = strsep(&p, "\n")))
		if (*line)
			fn(arg, (pid_t)strtol(line, NULL, 10));
}
