/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define OUT_FD 3
#define NICE 5

static void write_all(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(OUT_FD, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		p += n;
		len -= (size_t)n;
	}
}

/* It may be killed before the agent when memory is short, and yields to it. */
static void yield_to_agent(void)
{
	static const char score[] = "0";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, score, sizeof(score) - 1);
		close(fd);
	}
	(void)setpriority(PRIO_PROCESS, 0, NICE);
}

_Noreturn static void compute(child_work_fn *work, void *arg, int fd, size_t max_bytes)
{
	struct buf out;
	struct err err = { 0 };

	(void)setsid();
	yield_to_agent();
	/* Connections must end when the agent ends them. */
	if (fd != OUT_FD && dup2(fd, OUT_FD) < 0)
		_exit(1);
	(void)close_range(OUT_FD + 1, ~0u, 0);
	buf_init(&out, max_bytes);
	if (work(arg, &out, &err) < 0) {
		write_all(&err, sizeof(err));
		_exit(1);
	}
	write_all(out.data, out.len);
	_exit(0);
}

int proc_fork(child_work_fn *work, void *arg, int fd, size_t max_bytes, pid_t *ret,
	      struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(err, ERR_INTERNAL, "fork");
	if (pid == 0)
		compute(work, arg, fd, max_bytes);
	*ret = pid;
	return 0;
}
