/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many processes and threads units may have, in the groups of this machine. */
#include "process.h"

#include "check.h"
#include "test.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_leave_some_tasks_to_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
