/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many processes and threads units may have, in the groups of this machine. */
#include "process.h"

#include "cgroup_v2.h"
#include "check.h"
#include "test.h"
#include "text.h"

#include <errno.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char own[300]; /* our own group of v2: the kernel refuses while one is in it */

static bool is_empty(const char *dir)
{
	CLEANUP(free) char *path = xasprintf("%s/cgroup.procs", dir);
	CLEANUP(free) char *text = NULL;

	return conf_read_file(path, 1 << 20, &text, NULL, NULL) == 0 && !*text;
}

/* In place of libc's: this machine's v2 may have no controllers, so no rule for them. */
ssize_t write(int fd, const void *data, size_t n)
{
	if (*own && n == 5 && memcmp(data, "+pids", n) == 0) {
		errno = EBUSY;
		return is_empty(own) ? (ssize_t)n : -1;
	}
	return syscall(SYS_write, fd, data, n);
}

static double most_tasks(const char *dir)
{
	CLEANUP(free) char *path = xasprintf("%s/pids.max", dir);
	CLEANUP(free) char *text = NULL;

	if (conf_read_file(path, 64, &text, NULL, NULL) < 0)
		return -1;
	return strtod(text, NULL);
}

/* Of the group that counts processes. */
static double made_for(const struct cgroup_root *r, const struct cgroup_tasks *t)
{
	struct cgroup g;
	double most = -1;

	cgroup_make(r, "web@1.service", t, &g);
	assert_true(g.n > 0);
	for (size_t i = 0; i < g.n; i++)
		most = most_tasks(g.dirs[i]) > 0 ? most_tasks(g.dirs[i]) : most;
	cgroup_remove(&g);
	return most;
}

static void units_leave_some_tasks_to_the_agent(void **state)
{
	CLEANUP(free) char *name = xasprintf("ft-test-%d", (int)getpid());
	CLEANUP(cgroup_root_free) struct cgroup_root *r = cgroup_root_new(name);
	const struct cgroup_tasks all = { -1, 0 }, usual = { 0 }, ten = { 10, 0 },
				  half = { 0, 0.5 };
	double most;

	(void)state;
	assert_non_null(r);
	most = made_for(r, &all);
	assert_true(most > 1000);
	assert_true(most < 4194304);
	assert_true(made_for(r, &ten) == 10);
	assert_true(made_for(r, &half) < most);
	assert_true(made_for(r, &half) > most / 2);
	assert_true(made_for(r, &usual) >= 512);
	assert_true(made_for(r, &usual) < made_for(r, &half));
}

/* In place of libc's: as on a machine that has v2 alone. */
char *hasmntopt(const struct mntent *m, const char *name)
{
	return *own ? NULL : strstr(m->mnt_opts, name);
}

static bool find_v2(char *ret, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	bool is = false;

	while (f && !is && (m = getmntent(f)))
		if ((is = strcmp(m->mnt_type, "cgroup2") == 0))
			snprintf(ret, size, "%s", m->mnt_dir);
	if (f)
		endmntent(f);
	return is;
}

static int is_own_made(const char *name)
{
	CLEANUP(free) char *dir = xasprintf("%s/%s", own, name);
	struct cgroup_root *r = cgroup_root_new(name);
	bool is = r && access(dir, F_OK) == 0;

	cgroup_root_free(r);
	return is;
}

/* In a group of its own; another time as after a restart, from where it was moved to. */
static int as_agent(const char *name)
{
	bool ok = cgroup_write(own, "cgroup.procs", "0") && !is_empty(own);

	ok = ok && is_own_made(name) && is_empty(own);
	ok = ok && is_own_made(name) && is_empty(own);
	return ok ? 0 : 1;
}

static void the_agent_leaves_its_group_so_that_it_can_be_limited(void **state)
{
	CLEANUP(free) char *name = xasprintf("ft-own-%d", (int)getpid());
	CLEANUP(free) char *main_dir = NULL;
	char mount[200];
	int status;
	pid_t pid;

	(void)state;
	assert_true(find_v2(mount, sizeof(mount)));
	snprintf(own, sizeof(own), "%s/%s", mount, name);
	main_dir = xasprintf("%s/" CGROUP_MAIN, own);
	assert_int_equal(mkdir(own, 0755), 0);
	pid = fork();
	if (pid == 0)
		_exit(as_agent(name));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)rmdir(main_dir);
	assert_int_equal(rmdir(own), 0);
	own[0] = '\0';
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_leave_some_tasks_to_the_agent),
		cmocka_unit_test(the_agent_leaves_its_group_so_that_it_can_be_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
