/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "processes.h"

#include "text.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct visit {
	struct unit *u;
	int signo; /* 0: only count */
	pid_t but;
	size_t n;
	pid_t last;
};

static void visit_pid(void *arg, pid_t pid)
{
	struct visit *v = arg;

	if (pid == v->but || pid <= 1 || proc_is_zombie(pid))
		return;
	v->n++;
	v->last = pid;
	if (v->signo)
		(void)kill(pid, v->signo);
}

uint64_t unit_mark(const struct unit *u)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%.15s", u->invocation);
	return strtoull(digits, NULL, 16);
}

/*
 * What a process of the unit has inherited, wherever it was forked to and whoever its
 * parent is now: the limit also of one that cleared or overwrote its environment, and the
 * environment where the unit sets that limit itself.
 */
static bool is_marked(const struct unit *u, pid_t pid)
{
	char text[64];

	if (!*u->invocation)
		return false;
	snprintf(text, sizeof(text), "INVOCATION_ID=%s", u->invocation);
	return proc_has_limit(pid, "Max file locks", unit_mark(u)) ||
	       proc_has_env(pid, text);
}

static bool visit_marked(void *arg, pid_t pid)
{
	struct visit *v = arg;

	if (pid != getpid() && is_marked(v->u, pid))
		visit_pid(v, pid);
	return true;
}

/* By the cgroup, or without one by the invocation's mark. */
static void visit_all(struct visit *v)
{
	if (v->u->cgroup.n)
		cgroup_each(&v->u->cgroup, visit_pid, v);
	else if (*v->u->invocation)
		proc_each(visit_marked, v);
}

void unit_kill(struct unit *u, int signo, bool all, bool but_main)
{
	struct visit v = { .u = u, .signo = signo };

	if (but_main && u->main)
		v.but = proc_watch_pid(u->main);
	if (u->main && !but_main)
		proc_watch_kill(u->main, signo);
	if (u->control)
		proc_watch_kill(u->control, signo);
	if (!all)
		return;
	/* These got it already, and may rely on getting it once. */
	if (u->main)
		v.but = proc_watch_pid(u->main);
	visit_all(&v);
}

bool unit_has_processes(struct unit *u, bool all)
{
	struct visit v = { .u = u };

	if (u->main || u->control)
		return true;
	if (all)
		visit_all(&v);
	return v.n > 0;
}

struct search {
	pid_t pid;
	bool found;
};

static void compare_pid(void *arg, pid_t pid)
{
	struct search *s = arg;

	s->found = s->found || s->pid == pid;
}

/* Below a command of the unit, however far. */
static bool is_begun_by(const struct unit *u, pid_t pid)
{
	const pid_t main = u->main ? proc_watch_pid(u->main) : 0;
	const pid_t control = u->control ? proc_watch_pid(u->control) : 0;

	for (int depth = 0; pid > 1 && depth < 64; depth++) {
		if (pid == main || pid == control)
			return true;
		pid = proc_parent(pid);
	}
	return false;
}

bool unit_has_process(const struct unit *u, pid_t pid)
{
	struct search s = { .pid = pid };

	if (pid <= 1)
		return false;
	if (u->cgroup.n) {
		cgroup_each(&u->cgroup, compare_pid, &s);
		return s.found;
	}
	return is_begun_by(u, pid) || is_marked(u, pid);
}

/* Of a process that runs; 0: it names none, or cannot be read. */
static pid_t pid_in_file(const struct unit *u)
{
	CLEANUP(free) char *text = NULL;
	int64_t pid = 0;

	if (conf_read_file(u->spec->pid_file, 64, &text, NULL, NULL) < 0)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (conf_parse_int(text, &pid, NULL) < 0 || pid <= 1 || pid > INT_MAX ||
	    !proc_start_ticks((pid_t)pid))
		return 0;
	return (pid_t)pid;
}

pid_t unit_guess_main(struct unit *u)
{
	struct visit v = { .u = u };
	pid_t pid;

	if (!u->spec->pid_file) {
		visit_all(&v);
		return v.n >= 1 ? v.last : 0;
	}
	pid = pid_in_file(u);
	return unit_has_process(u, pid) ? pid : 0;
}

pid_t unit_stranger_in_file(const struct unit *u)
{
	const pid_t pid = u->spec->pid_file ? pid_in_file(u) : 0;

	return unit_has_process(u, pid) ? 0 : pid;
}
