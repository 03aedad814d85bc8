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
	char mark[64];
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

static bool visit_marked(void *arg, pid_t pid)
{
	struct visit *v = arg;

	if (pid != getpid() && proc_has_env(pid, v->mark))
		visit_pid(v, pid);
	return true;
}

/* By the cgroup, or without one by the invocation's mark in the environment. */
static void visit_all(struct visit *v)
{
	if (v->u->cgroup.n) {
		cgroup_each(&v->u->cgroup, visit_pid, v);
	} else if (*v->u->invocation) {
		snprintf(v->mark, sizeof(v->mark), "INVOCATION_ID=%s", v->u->invocation);
		proc_each(visit_marked, v);
	}
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

pid_t unit_guess_main(struct unit *u)
{
	struct visit v = { .u = u };
	CLEANUP(free) char *text = NULL;
	int64_t pid = 0;

	if (!u->spec->pid_file) {
		visit_all(&v);
		return v.n >= 1 ? v.last : 0;
	}
	if (conf_read_file(u->spec->pid_file, 64, &text, NULL, NULL) < 0)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (conf_parse_int(text, &pid, NULL) < 0 || pid <= 1 || pid > INT_MAX ||
	    !proc_start_ticks((pid_t)pid))
		return 0;
	return (pid_t)pid;
}
