/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * units_fixture.h - our own supervisor with real processes, in a folder of its own.
 */
#ifndef TESTS_UNIT_AGENT_UNITS_OWN_UNITS_FIXTURE_H
#define TESTS_UNIT_AGENT_UNITS_OWN_UNITS_FIXTURE_H

#include "test.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "net.h"
#include "own.h"
#include "process.h"
#include "text.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	struct unit_log *log;
	struct units *units;
	char dir[64];
	char logs[80];
	char cgroup[64];
	size_t changes;
};

static inline void on_change(void *arg, const char *name)
{
	struct fixture *f = arg;

	(void)name;
	f->changes++;
}

static inline void open_units(struct fixture *f)
{
	struct units_opts o = { .state_dir = f->dir,
				.cgroup_name = *f->cgroup ? f->cgroup : NULL,
				.host = "testhost",
				.log = f->log,
				.on_change = on_change,
				.arg = f };
	struct err e;

	assert_ok(units_own_open(f->loop, &o, &f->units, &e), &e);
}

static inline int set_up_with(void **state, bool cgroup)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	snprintf(f->dir, sizeof(f->dir), "/tmp/ftu.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chmod(f->dir, 0777), 0);
	snprintf(f->logs, sizeof(f->logs), "%s/logs", f->dir);
	if (cgroup)
		snprintf(f->cgroup, sizeof(f->cgroup), "ftu-%d", (int)getpid());
	assert_ok(loop_new(&f->loop, &e), &e);
	assert_ok(unit_log_open(f->loop, f->logs, 1 << 20, &f->log, &e), &e);
	open_units(f);
	*state = f;
	return 0;
}

static inline int set_up(void **state)
{
	return set_up_with(state, true);
}

static inline int set_up_without_cgroup(void **state)
{
	return set_up_with(state, false);
}

static inline int remove_entry(const char *path, const struct stat *st, int flag,
			       struct FTW *w)
{
	(void)st;
	(void)flag;
	(void)w;
	return remove(path);
}

static inline int remove_group(const char *path, const struct stat *st, int flag,
			       struct FTW *w)
{
	(void)st;
	(void)w;
	return flag == FTW_DP ? (void)rmdir(path), 0 : 0;
}

/* One test leaves a process in its group on purpose. */
static inline void remove_groups(const struct fixture *f)
{
	static const char *const hierarchies[] = { "", "/systemd", "/cpuacct",
						   "/unified" };

	for (size_t i = 0; *f->cgroup && i < ARRAY_SIZE(hierarchies); i++) {
		CLEANUP(free)
		char *top = xasprintf("/sys/fs/cgroup%s/%s", hierarchies[i], f->cgroup);

		(void)nftw(top, remove_group, 8, FTW_DEPTH | FTW_PHYS);
	}
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	if (!f->units)
		open_units(f);
	while (units_at(f->units, 0) && clock_mono_ms() < until) {
		for (size_t i = 0; units_at(f->units, i); i++)
			units_drop(f->units, units_at(f->units, i));
		loop_once(f->loop, 20);
	}
	units_close(f->units);
	unit_log_close(f->log);
	loop_free(f->loop);
	remove_groups(f);
	nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static inline void set(struct fixture *f, const char *name, const char *hash,
		       const char *text)
{
	units_set(f->units, name, hash, text, true);
}

static inline const char *sub(struct fixture *f, const char *name)
{
	struct unit_status s;

	return units_get(f->units, name, &s) ? s.sub : "gone";
}

static inline struct unit_status status(struct fixture *f, const char *name)
{
	struct unit_status s = { 0 };

	assert_true(units_get(f->units, name, &s));
	return s;
}

static inline void wait_sub(struct fixture *f, const char *name, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (strcmp(sub(f, name), want) != 0) {
		if (clock_mono_ms() > until)
			fail_msg("%s is %s, not %s: %s", name, sub(f, name), want,
				 strcmp(sub(f, name), "gone") ? status(f, name).message
							      : "");
		loop_once(f->loop, 20);
	}
}

static inline char *content(const struct fixture *f, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", f->dir, name);
	char *text = NULL;

	return conf_read_file(path, 1 << 20, &text, NULL, NULL) < 0 ? NULL : text;
}

static inline void wait_content(struct fixture *f, const char *name, const char *want)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		CLEANUP(free) char *text = content(f, name);

		if (text && strstr(text, want))
			return;
		if (clock_mono_ms() > until)
			fail_msg("%s holds '%s', not '%s'", name, text ? text : "(none)",
				 want);
		loop_once(f->loop, 20);
	}
}

static inline pid_t pid_in(struct fixture *f, const char *name)
{
	CLEANUP(free) char *text = NULL;
	int64_t pid = 0;
	struct err e;

	wait_content(f, name, "\n");
	text = content(f, name);
	text[strcspn(text, "\n")] = '\0';
	assert_ok(conf_parse_int(text, &pid, &e), &e);
	return (pid_t)pid;
}

static inline void write_file(const struct fixture *f, const char *name, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", f->dir, name);
	FILE *o = fopen(path, "w");

	assert_non_null(o);
	fputs(text, o);
	fclose(o);
}

static inline bool alive(pid_t pid)
{
	return proc_start_ticks(pid) != 0;
}

static inline void wait_dead(struct fixture *f, pid_t pid)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (alive(pid)) {
		assert_true(clock_mono_ms() < until);
		loop_once(f->loop, 10);
	}
}

static inline void run_for(struct fixture *f, int64_t ms)
{
	for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		loop_once(f->loop, 5);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
#define TEST_BARE(fn)                                                              \
	{                                                                          \
#fn "_without_cgroups", fn, set_up_without_cgroup, tear_down, NULL \
	}

#endif
