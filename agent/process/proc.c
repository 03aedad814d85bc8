/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc.h"

#include "check.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WATCH_MAGIC 0x70776174u
/* A dead process that is not our child is told of once its parent has reaped it. */
#define REAP_ASK_MS 5
#define REAP_ASKS 40
#define ENV_READS 40

struct proc_watch {
	uint32_t magic;
	struct loop *loop;
	int fd;
	pid_t pid;
	uint64_t start_ticks;
	struct loop_timer *ask_again;
	int asks;
	proc_exit_fn *fn;
	void *arg;
};

/* ---------------------------------------------------------------- /proc */

/* State and start time; 0 on success. */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
	char path[64], text[1024];
	unsigned long long start;
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_NOT_FOUND;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return ERR_NOT_FOUND;
	text[n] = '\0';
	/* The name in brackets may hold anything, so count from the last bracket. */
	p = strrchr(text, ')');
	if (!p ||
	    sscanf(p + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %llu",
		   ret_state, &start) != 2)
		return ERR_NOT_FOUND;
	*ret_start = start;
	return 0;
}

uint64_t proc_start_ticks(pid_t pid)
{
	uint64_t start;
	char state;

	if (pid <= 0 || read_stat(pid, &state, &start) < 0 || state == 'Z' ||
	    state == 'X')
		return 0;
	return start;
}

bool proc_is_zombie(pid_t pid)
{
	uint64_t start;
	char state;

	return read_stat(pid, &state, &start) == 0 && (state == 'Z' || state == 'X');
}

void proc_each(proc_each_fn *fn, void *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *end;
		long pid = strtol(e->d_name, &end, 10);

		if (end != e->d_name && !*end && !fn(arg, (pid_t)pid))
			break;
	}
	if (d)
		closedir(d);
}

/* Neither a thread of the kernel nor a zombie. */
static bool has_program(pid_t pid)
{
	char path[64], to[2];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return readlink(path, to, sizeof(to)) > 0;
}

/*
 * A process that is just executing another program has no environment for a moment, and
 * who looks then would miss it.
 */
static int read_env(pid_t pid, char **ret, size_t *ret_len)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	char path[64];
	int rc = 0;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	for (int i = 0; i < ENV_READS; i++) {
		free(TAKE(*ret));
		rc = conf_read_file(path, 1 << 20, ret, ret_len, NULL);
		if (rc < 0 || *ret_len > 0 || !has_program(pid))
			break;
		nanosleep(&pause, NULL);
	}
	return rc;
}

bool proc_has_env(pid_t pid, const char *assignment)
{
	CLEANUP(free) char *text = NULL;
	size_t len = 0, want = strlen(assignment) + 1;

	if (read_env(pid, &text, &len) < 0)
		return false;
	for (const char *p = text; p && p + want <= text + len + 1;) {
		const char *next = memchr(p, '\0', (size_t)(text + len + 1 - p));

		if (memcmp(p, assignment, want) == 0)
			return true;
		p = next ? next + 1 : NULL;
	}
	return false;
}

/* ---------------------------------------------------------------- watching */

/* From linux/pidfd.h of 6.15; older kernels refuse the call. */
struct pidfd_info_v1 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_EXIT_WANTED (1u << 3)
#define PIDFD_GET_INFO_V1 _IOWR(0xFF, 11, struct pidfd_info_v1)

static struct proc_exit exit_from_status(int status)
{
	if (WIFSIGNALED(status))
		return (struct proc_exit){ PROC_SIGNALLED, WTERMSIG(status) };
	return (struct proc_exit){ PROC_EXITED, WEXITSTATUS(status) };
}

/* False when the kernel will tell, but only once the process was reaped by its parent. */
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
	w->fn = fn;
	w->arg = arg;
	w->ask_again = loop_timer_new(l, on_ask_again, w);
	w->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (w->fd < 0)
		return err_errno(err, ERR_NOT_FOUND, "process %d", (int)pid);
	(void)fcntl(w->fd, F_SETFD, FD_CLOEXEC);
	if (read_stat(pid, &state, &start) < 0 || (start_ticks && start != start_ticks))
		return err_set(err, ERR_NOT_FOUND, "process %d is another now", (int)pid);
	w->start_ticks = start;
	rc = loop_io_add(l, w->fd, EPOLLIN, on_pidfd, w, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(w);
	return 0;
}

void proc_watch_free(struct proc_watch *w)
{
	if (!w)
		return;
	CHECK_MAGIC(w, WATCH_MAGIC);
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

/* ---------------------------------------------------------------- starting */

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

/* A limit above what may be set becomes the highest that may, as systemd does it. */
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
