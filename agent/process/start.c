/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "start.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OOM_SCORE_STEP 200
#define WAIT_MS 3         /* longer than an exec from memory takes */
#define FAILURE_STEP 1000 /* above any errno */

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

/*
 * Nothing of the agent goes on: no descriptor but the three (the rest are closed by the
 * exec, the report's too), no capability that outlives a change of user.
 */
static void leave_nothing(const struct proc_spec *s)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &head, caps) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
			caps[i].inheritable = 0;
		(void)syscall(SYS_capset, &head, caps);
	}
	if (s->no_new_privs)
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
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
	/* Also back to 0: the agent goes before what it runs. */
	(void)setpriority(PRIO_PROCESS, 0, s->nice);
	(void)umask(s->umask);
	if (put_fds(s->fds) < 0)
		return STEP_FDS;
	leave_nothing(s);
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

/* The report ends without one when the program is executed. False: neither came yet. */
static bool read_report(int fd, struct report *ret, ssize_t *n)
{
	do
		*n = read(fd, ret, sizeof(*ret));
	while (*n < 0 && errno == EINTR);
	return *n >= 0 || errno != EAGAIN;
}

/* Forks; the child's report will come from *ret_fd. */
static int fork_child(const struct proc_spec *spec, pid_t *ret, int *ret_fd,
		      struct err *err)
{
	struct report r = { .step = STEP_FORK };
	sigset_t all, old;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_INTERNAL, "pipe");
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	*ret = fork();
	if (*ret == 0)
		child(spec, fds[1]);
	r.error = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (*ret > 0) {
		*ret_fd = fds[0];
		return 0;
	}
	close(fds[0]);
	return start_failed(spec, &r, err);
}

int proc_start(const struct proc_spec *spec, struct proc_started *ret, struct err *err)
{
	struct report r;
	struct pollfd p = { .events = POLLIN };
	ssize_t n = 0;
	pid_t pid = -1;
	int rc = fork_child(spec, &pid, &p.fd, err);

	if (rc < 0)
		return rc;
	(void)poll(&p, 1, WAIT_MS);
	*ret = (struct proc_started){ pid, p.fd };
	if (!read_report(p.fd, &r, &n))
		return 0;
	close(p.fd);
	ret->report_fd = -1;
	if (n != sizeof(r))
		return 0;
	(void)waitpid(pid, NULL, 0);
	return start_failed(spec, &r, err);
}

bool proc_start_has_failed(int report_fd, int *ret)
{
	struct report r;
	ssize_t n = 0;
	bool has = read_report(report_fd, &r, &n) && n == sizeof(r);

	close(report_fd);
	if (has)
		*ret = (int)r.step * FAILURE_STEP + r.error;
	return has;
}

void proc_start_describe(int failure, char *text, size_t size)
{
	snprintf(text, size, "%s: %s", step_names[failure / FAILURE_STEP],
		 strerrordesc_np(failure % FAILURE_STEP));
}
