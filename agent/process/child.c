/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "child.h"

#include "check.h"
#include "fork.h"
#include "start.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#define CHILD_MAGIC 0x6368696cu

struct child {
	uint32_t magic;
	struct loop *loop;
	pid_t pid;
	int fd;
	struct buf out;
	struct proc_watch *watch; /* NULL when it has ended */
	struct proc_exit how;
	struct loop_timer *deadline; /* also reports a failed start */
	struct err err;              /* code 0: none */
	bool computes;               /* a failure of its own is in out, as a struct err */
	child_fn *fn;
	void *arg;
};

static void report(struct child *c)
{
	child_fn *fn = c->fn;
	void *arg = c->arg;
	struct err e = c->err;
	struct buf out = c->out;

	c->out = (struct buf){ 0 };
	child_free(c);
	fn(arg, buf_str(&out), out.len, e.code ? &e : NULL);
	buf_done(&out);
}

static void judge(struct child *c)
{
	char text[200];

	if (c->err.code || (c->how.kind == PROC_EXITED && c->how.value == 0))
		return;
	if (c->how.kind == PROC_NOT_STARTED) {
		proc_start_describe(c->how.value, text, sizeof(text));
		err_set(&c->err, ERR_UNAVAIL, "the command was not started: %s", text);
		return;
	}
	if (c->computes && c->how.kind == PROC_EXITED && c->out.len == sizeof(c->err))
		memcpy(&c->err, c->out.data, sizeof(c->err));
	else if (c->how.kind == PROC_EXITED)
		err_set(&c->err, ERR_UNAVAIL, "the command exited with status %d: %.200s",
			c->how.value, buf_str(&c->out));
	else
		err_set(&c->err, ERR_UNAVAIL, "the command was killed by signal %d",
			c->how.value);
}

/* Reported once it has exited and its output was read to the end. */
static void report_if_done(struct child *c)
{
	if (c->watch || c->fd >= 0)
		return;
	judge(c);
	report(c);
}

static void close_output(struct child *c)
{
	if (c->fd < 0)
		return;
	loop_io_del(c->loop, c->fd);
	close(c->fd);
	c->fd = -1;
}

static void on_exit_of(void *arg, struct proc_exit how)
{
	struct child *c = arg;

	CHECK_MAGIC(c, CHILD_MAGIC);
	c->watch = NULL;
	c->how = how;
	report_if_done(c);
}

static void kill_all(struct child *c)
{
	/* A copy of us may not have its session yet. */
	if (c->watch && kill(-c->pid, SIGKILL) < 0)
		(void)kill(c->pid, SIGKILL);
}

static void on_output(void *arg, int fd, uint32_t events)
{
	struct child *c = arg;
	char bytes[8192];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		buf_add(&c->out, bytes, (size_t)n);
		if (!buf_is_full(&c->out))
			return;
		err_set(&c->err, ERR_LIMIT, "the command wrote more than %zu bytes",
			c->out.max);
		kill_all(c);
	}
	close_output(c);
	report_if_done(c);
}

static void on_deadline(void *arg)
{
	struct child *c = arg;

	CHECK_MAGIC(c, CHILD_MAGIC);
	if (c->err.code) { /* it could not be started */
		report(c);
		return;
	}
	err_set(&c->err, ERR_TIMEOUT, "the command took too long");
	kill_all(c);
	close_output(c); /* a grandchild that got away may hold it */
	report_if_done(c);
}

/* Its output will come from *ret_fd. */
static int open_output(struct child *c, int *ret_fd, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, ERR_INTERNAL, "pipe");
	c->fd = fds[0];
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	*ret_fd = fds[1];
	return 0;
}

static int watch(struct child *c, const struct proc_started *p, struct err *err)
{
	int rc = proc_watch_started(c->loop, p, on_exit_of, c, &c->watch, err);

	c->pid = p->pid;

	return rc < 0 ? rc : loop_io_add(c->loop, c->fd, EPOLLIN, on_output, c, err);
}

static int start(struct child *c, char *const *argv, struct err *err)
{
	char *env[] = { (char *)(uintptr_t)PROC_PATH, (char *)(uintptr_t) "HOME=/root",
			(char *)(uintptr_t) "LANG=C.UTF-8", NULL };
	struct proc_spec p = { .path = argv[0], .argv = argv, .env = env, .umask = 022 };
	CLEANUP(close_fd) int out = -1;
	struct proc_started started;
	int rc = open_output(c, &out, err);

	if (rc < 0)
		return rc;
	p.fds[0] = -1;
	p.fds[1] = p.fds[2] = out;
	rc = proc_start(&p, &started, err);
	if (rc < 0)
		return rc;
	return watch(c, &started, err);
}

static struct child *child_new(struct loop *l, size_t max_bytes, child_fn *fn, void *arg)
{
	struct child *c = xcalloc(1, sizeof(*c));

	c->magic = CHILD_MAGIC;
	c->loop = l;
	c->fd = -1;
	c->fn = fn;
	c->arg = arg;
	buf_init(&c->out, max_bytes);
	c->deadline = loop_timer_new(l, on_deadline, c);
	return c;
}

struct child *child_run(struct loop *l, char *const *argv, int64_t timeout_ms,
			size_t max_bytes, child_fn *fn, void *arg)
{
	struct child *c = child_new(l, max_bytes, fn, arg);
	struct err e;

	if (start(c, argv, &e) < 0) {
		c->err = e;
		timeout_ms = 0;
	}
	loop_timer_in(c->deadline, timeout_ms);
	return c;
}

struct child *child_compute(struct loop *l, child_work_fn *work, void *work_arg,
			    int64_t timeout_ms, size_t max_bytes, child_fn *fn, void *arg)
{
	struct child *c = child_new(l, max_bytes, fn, arg);
	CLEANUP(close_fd) int out = -1;
	struct proc_started started = { .report_fd = -1 };
	struct err e;
	int rc = open_output(c, &out, &e);

	c->computes = true;
	if (rc == 0)
		rc = proc_fork(work, work_arg, out, max_bytes, &started.pid, &e);
	if (rc == 0)
		rc = watch(c, &started, &e);
	if (rc < 0)
		c->err = e;
	loop_timer_in(c->deadline, rc < 0 ? 0 : timeout_ms);
	return c;
}

struct child *child_shell(struct loop *l, const char *command, int64_t timeout_ms,
			  size_t max_bytes, child_fn *fn, void *arg)
{
	char *argv[] = { (char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t)command, NULL };

	return child_run(l, argv, timeout_ms, max_bytes, fn, arg);
}

void child_free(struct child *c)
{
	if (!c)
		return;
	CHECK_MAGIC(c, CHILD_MAGIC);
	kill_all(c);
	close_output(c);
	proc_watch_release(c->watch);
	loop_timer_free(c->deadline);
	buf_done(&c->out);
	c->magic = 0;
	free(c);
}
