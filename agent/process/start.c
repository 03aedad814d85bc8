/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "start.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OOM_SCORE_STEP 200

enum step { STEP_FORK, STEP_CGROUP, STEP_LIMIT, STEP_FDS, STEP_IDS, STEP_DIR, STEP_EXEC };

static const char *const step_names[] = { "fork",          "entering the cgroup",
					  "limits",        "standard descriptors",
					  "User or Group", "WorkingDirectory",
					  "executing" };

struct report {
	enum step step;
	int error;
};

static void reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < 65; i++)
		(void)sigaction(i, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int put_fds(const int fds[3])
{
	int high[3];

	/* Above 2 first, so that none is overwritten before it was copied. */
	for (int i = 0; i < 3; i++) {
		int fd = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);

		high[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	return 0;
}

int proc_oom_score_of_units(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	long own;

	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	own = strtol(text, NULL, 10);
	return own < 0 ? 0 : (int)MIN(own + OOM_SCORE_STEP, 1000);
}

static void write_oom_score(int score)
{
	char text[16];
	int fd;

	if (score == INT_MIN)
		return;
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, (size_t)snprintf(text, sizeof(text), "%d", score));
	close(fd);
}

/* A limit above the highest that may be set is lowered to that, as systemd does. */
static int set_limit_closest(const struct proc_limit *l)
{
	struct rlimit now, want = l->limit;

	if (setrlimit(l->resource, &want) == 0)
		return 0;
	if (errno != EPERM || getrlimit(l->resource, &now) < 0)
		return -1;
	want.rlim_max = MIN(want.rlim_max, now.rlim_max);
	want.rlim_cur = MIN(want.rlim_cur, want.rlim_max);
	return setrlimit(l->resource, &want);
}

/* In the child: system calls only. Returns the step that failed. */
static enum step apply(const struct proc_spec *s)
{
	(void)setsid();
	for (size_t i = 0; i < s->n_cgroup_fds; i++)
		if (write(s->cgroup_fds[i], "0", 1) != 1)
			return STEP_CGROUP;
	for (size_t i = 0; i < s->n_limits; i++)
		if (set_limit_closest(&s->limits[i]) < 0)
			return STEP_LIMIT;
	write_oom_score(s->oom_score_adjust);
	if (s->nice)
		(void)setpriority(PRIO_PROCESS, 0, s->nice);
	(void)umask(s->umask);
	if (put_fds(s->fds) < 0)
		return STEP_FDS;
	if (s->set_ids && (setgroups(s->n_groups, s->groups) < 0 ||
			   setresgid(s->gid, s->gid, s->gid) < 0 ||
			   setresuid(s->uid, s->uid, s->uid) < 0))
		return STEP_IDS;
	if (chdir(s->workdir ? s->workdir : "/") < 0 &&
	    (!s->workdir_optional || chdir("/") < 0))
		return STEP_DIR;
	reset_signals();
	execve(s->path, s->argv, s->env);
	return STEP_EXEC;
}

_Noreturn static void child(const struct proc_spec *s, int report_fd)
{
	struct report r;

	r.step = apply(s);
	r.error = errno;
	(void)!write(report_fd, &r, sizeof(r));
	_exit(127);
}

static int start_failed(const struct proc_spec *s, const struct report *r,
			struct err *err)
{
	int code = r->error == ENOENT                        ? ERR_NOT_FOUND
		   : r->error == EACCES || r->error == EPERM ? ERR_DENIED
							     : ERR_INTERNAL;

	errno = r->error;
	if (r->step == STEP_EXEC)
		return err_errno(err, code, "%s", s->path);
	return err_errno(err, code, "%s: %s", s->path, step_names[r->step]);
}

int proc_start(const struct proc_spec *spec, pid_t *ret, struct err *err)
{
	struct report r = { .step = STEP_FORK };
	sigset_t all, old;
	int pipe_fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_INTERNAL, "pipe");
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0)
		child(spec, pipe_fds[1]);
	r.error = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	close(pipe_fds[1]);
	if (pid < 0) {
		close(pipe_fds[0]);
		return start_failed(spec, &r, err);
	}
	do
		n = read(pipe_fds[0], &r, sizeof(r));
	while (n < 0 && errno == EINTR);
	close(pipe_fds[0]);
	if (n == sizeof(r)) {
		(void)waitpid(pid, NULL, 0);
		return start_failed(spec, &r, err);
	}
	*ret = pid;
	return 0;
}
