/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch.h"

#include "check.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define WATCH_MAGIC 0x70776174u
/* The exit of a process that is not our child is known once its parent has reaped it. */
#define REAP_ASK_MS 5
#define REAP_ASKS 40

struct proc_watch {
	uint32_t magic;
	struct loop *loop;
	int fd;
	int report_fd; /* -1: its start is over */
	pid_t pid;
	uint64_t start_ticks;
	struct loop_timer *ask_again;
	int asks;
	proc_exit_fn *fn;
	void *arg;
};

/* From linux/pidfd.h of 6.15; older kernels refuse the call. */
struct pidfd_info_v1 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_EXIT_WANTED (1u << 3)
#define PIDFD_GET_INFO_V1 _IOWR(0xFF, 11, struct pidfd_info_v1)

bool proc_exit_is_known(struct proc_exit how)
{
	return how.kind == PROC_EXITED || how.kind == PROC_SIGNALLED;
}

static struct proc_exit exit_from_status(int status)
{
	if (WIFSIGNALED(status))
		return (struct proc_exit){ PROC_SIGNALLED, WTERMSIG(status) };
	return (struct proc_exit){ PROC_EXITED, WEXITSTATUS(status) };
}

/* False when the kernel will report it, but only once the parent has reaped
 * the process. */
static bool exit_of(const struct proc_watch *w, struct proc_exit *ret)
{
	struct pidfd_info_v1 info = { .mask = PIDFD_EXIT_WANTED };
	siginfo_t si = { 0 };

	*ret = (struct proc_exit){ PROC_UNKNOWN, 0 };
	if (waitid(P_PIDFD, (id_t)w->fd, &si, WEXITED | WNOHANG) == 0 && si.si_pid) {
		bool by_signal = si.si_code != CLD_EXITED;

		ret->kind = by_signal ? PROC_SIGNALLED : PROC_EXITED;
		ret->value = si.si_status;
		return true;
	}
	if (ioctl(w->fd, PIDFD_GET_INFO_V1, &info) < 0)
		return errno == ESRCH || errno == ENOTTY || errno == EINVAL;
	if (!(info.mask & PIDFD_EXIT_WANTED))
		return false;
	*ret = exit_from_status(info.exit_code);
	return true;
}

static void ended(struct proc_watch *w)
{
	struct proc_exit how;
	proc_exit_fn *fn = w->fn;
	void *fn_arg = w->arg;

	CHECK_MAGIC(w, WATCH_MAGIC);
	if (!exit_of(w, &how) && w->asks++ < REAP_ASKS) {
		loop_timer_in(w->ask_again, REAP_ASK_MS);
		return;
	}
	if (w->report_fd >= 0 && proc_start_has_failed(w->report_fd, &how.value))
		how.kind = PROC_NOT_STARTED;
	w->report_fd = -1;
	proc_watch_free(w);
	if (fn)
		fn(fn_arg, how);
}

static void on_ask_again(void *arg)
{
	ended(arg);
}

static void on_pidfd(void *arg, int fd, uint32_t events)
{
	struct proc_watch *w = arg;

	(void)events;
	CHECK_MAGIC(w, WATCH_MAGIC);
	loop_io_del(w->loop, fd);
	ended(w);
}

int proc_watch_new(struct loop *l, pid_t pid, uint64_t start_ticks, proc_exit_fn *fn,
		   void *arg, struct proc_watch **ret, struct err *err)
{
	CLEANUP(proc_watch_free) struct proc_watch *w = xcalloc(1, sizeof(*w));
	uint64_t start = 0;
	char state = '?';
	int rc;

	w->magic = WATCH_MAGIC;
	w->loop = l;
	w->pid = pid;
	w->report_fd = -1;
	w->fn = fn;
	w->arg = arg;
	w->ask_again = loop_timer_new(l, on_ask_again, w);
	w->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (w->fd < 0)
		return err_errno(err, ERR_NOT_FOUND, "process %d", (int)pid);
	(void)fcntl(w->fd, F_SETFD, FD_CLOEXEC);
	if (proc_read_stat(pid, &state, &start) < 0 ||
	    (start_ticks && start != start_ticks))
		return err_set(err, ERR_NOT_FOUND,
			       "process %d is now a different process", (int)pid);
	w->start_ticks = start;
	rc = loop_io_add(l, w->fd, EPOLLIN, on_pidfd, w, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(w);
	return 0;
}

int proc_watch_started(struct loop *l, const struct proc_started *p, proc_exit_fn *fn,
		       void *arg, struct proc_watch **ret, struct err *err)
{
	int rc = proc_watch_new(l, p->pid, 0, fn, arg, ret, err);

	if (rc == 0)
		(*ret)->report_fd = p->report_fd;
	else if (p->report_fd >= 0)
		close(p->report_fd);
	return rc;
}

void proc_watch_free(struct proc_watch *w)
{
	if (!w)
		return;
	CHECK_MAGIC(w, WATCH_MAGIC);
	if (w->report_fd >= 0)
		close(w->report_fd);
	if (w->fd >= 0) {
		loop_io_del(w->loop, w->fd);
		close(w->fd);
	}
	loop_timer_free(w->ask_again);
	w->magic = 0;
	free(w);
}

void proc_watch_release(struct proc_watch *w)
{
	if (w)
		w->fn = NULL;
}

pid_t proc_watch_pid(const struct proc_watch *w)
{
	return w->pid;
}

uint64_t proc_watch_start(const struct proc_watch *w)
{
	return w->start_ticks;
}

void proc_watch_kill(const struct proc_watch *w, int signo)
{
	(void)syscall(SYS_pidfd_send_signal, w->fd, signo, NULL, 0);
}
