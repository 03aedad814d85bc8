/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "buf.h"
#include "check.h"
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SHELL_MAGIC 0x5348454cu
#define OUTPUT_MAX 2048

struct shell {
	uint32_t magic;
	struct loop *loop;
	struct loop_timer *timer;
	pid_t pid;
	int pid_fd;
	int out_fd;
	int report_fd; /* -1: it has executed its program */
	int64_t timeout_ms;
	bool timed_out;
	struct buf out;
	shell_fn *fn;
	void *arg;
};

static void read_output(struct shell *s)
{
	char part[512];
	ssize_t n;

	while (s->out_fd >= 0 && (n = read(s->out_fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if (s->out.len < OUTPUT_MAX)
			buf_add(&s->out, part, MIN((size_t)n, OUTPUT_MAX - s->out.len));
	}
	if (s->out_fd >= 0) {
		loop_io_del(s->loop, s->out_fd);
		close(s->out_fd);
		s->out_fd = -1;
	}
}

static void on_output(void *arg, int fd, uint32_t events)
{
	struct shell *s = arg;

	(void)fd;
	(void)events;
	CHECK_MAGIC(s, SHELL_MAGIC);
	read_output(s);
}

static void release(struct shell *s)
{
	loop_timer_free(s->timer);
	if (s->out_fd >= 0) {
		loop_io_del(s->loop, s->out_fd);
		close(s->out_fd);
	}
	if (s->pid_fd >= 0) {
		loop_io_del(s->loop, s->pid_fd);
		close(s->pid_fd);
	}
	if (s->report_fd >= 0)
		close(s->report_fd);
	buf_done(&s->out);
	s->magic = 0;
	free(s);
}

/* A start that took long, and failed. */
static bool was_not_started(struct shell *s, struct err *err)
{
	int failure, fd = s->report_fd;
	char text[200];

	s->report_fd = -1;
	if (fd < 0 || !proc_start_has_failed(fd, &failure))
		return false;
	proc_start_describe(failure, text, sizeof(text));
	err_set(err, ERR_INTERNAL, "it was not started: %s", text);
	return true;
}

static void describe(const struct shell *s, const siginfo_t *info, struct err *err)
{
	char said[OUTPUT_MAX + 1];
	size_t n = s->out.len;

	memcpy(said, buf_str(&s->out), n);
	while (n > 0 && (said[n - 1] == '\n' || said[n - 1] == ' '))
		n--;
	said[n] = '\0';
	if (s->timed_out)
		(void)err_set(err, ERR_TIMEOUT, "it did not exit within %lld ms: %s",
			      (long long)s->timeout_ms, said);
	else if (info->si_code == CLD_EXITED)
		(void)err_set(err, ERR_INVAL, "it exited with status %d: %s",
			      info->si_status, said);
	else
		(void)err_set(err, ERR_INVAL, "it was killed by signal %d: %s",
			      info->si_status, said);
}

static void on_exit_of_child(void *arg, int fd, uint32_t events)
{
	struct shell *s = arg;
	siginfo_t info = { 0 };
	struct err err;
	bool ok;

	(void)fd;
	(void)events;
	CHECK_MAGIC(s, SHELL_MAGIC);
	if (waitid(P_PIDFD, (id_t)s->pid_fd, &info, WEXITED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return;
	read_output(s);
	ok = info.si_code == CLD_EXITED && info.si_status == 0 && !s->timed_out;
	if (was_not_started(s, &err))
		ok = false;
	else if (!ok)
		describe(s, &info, &err);
	s->fn(s->arg, ok ? NULL : &err);
	release(s);
}

static void on_timeout(void *arg)
{
	struct shell *s = arg;

	CHECK_MAGIC(s, SHELL_MAGIC);
	s->timed_out = true;
	(void)kill(-s->pid, SIGKILL);
}

static int start(const char *command, int out, struct proc_started *ret, struct err *err)
{
	char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, NULL, NULL };
	char *env[] = { (char[]){ PROC_PATH }, (char[]){ "HOME=/root" },
			(char[]){ "LANG=C.UTF-8" }, NULL };
	CLEANUP(free) char *text = xstrdup(command);
	/* It is the operator's, and not protected from the OOM killer as we are. */
	const struct proc_spec p = { .path = argv[0],
				     .argv = argv,
				     .env = env,
				     .fds = { -1, out, out },
				     .umask = 022,
				     .oom_score_adjust = 0 };

	argv[2] = text;
	return proc_start(&p, ret, err);
}

static int watch_child(struct shell *s, struct err *err)
{
	int rc;

	s->pid_fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pid_fd < 0)
		return err_errno(err, ERR_INTERNAL, "pidfd_open");
	rc = loop_io_add(s->loop, s->pid_fd, EPOLLIN, on_exit_of_child, s, err);
	if (rc < 0)
		return rc;
	return loop_io_add(s->loop, s->out_fd, EPOLLIN, on_output, s, err);
}

int shell_run(struct loop *l, const char *command, int64_t timeout_ms, shell_fn *fn,
	      void *arg, struct shell **ret, struct err *err)
{
	struct shell *s;
	struct proc_started started;
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_INTERNAL, "pipe2");
	rc = start(command, fds[1], &started, err);
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	s = xcalloc(1, sizeof(*s));
	s->magic = SHELL_MAGIC;
	s->loop = l;
	s->pid = started.pid;
	s->report_fd = started.report_fd;
	s->pid_fd = -1;
	s->out_fd = fds[0];
	s->timeout_ms = timeout_ms;
	s->fn = fn;
	s->arg = arg;
	buf_init(&s->out, OUTPUT_MAX);
	s->timer = loop_timer_new(l, on_timeout, s);
	loop_timer_in(s->timer, timeout_ms);
	rc = watch_child(s, err);
	if (rc < 0) {
		shell_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void shell_free(struct shell *s)
{
	if (!s)
		return;
	CHECK_MAGIC(s, SHELL_MAGIC);
	(void)kill(-s->pid, SIGKILL);
	/* It is dead or dying; nothing else reaps it. */
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	release(s);
}
