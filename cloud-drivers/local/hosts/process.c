/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int read_small_file(const char *path, char *text, size_t size)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		return -1;
	text[n] = '\0';
	return 0;
}

uint64_t process_start(pid_t pid)
{
	char path[64], text[1024];
	unsigned long long start = 0;
	const char *p;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_small_file(path, text, sizeof(text)) < 0)
		return 0;
	/* the name, field 2, may contain anything: continue after its last bracket */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			 " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			 "%*s %*s %*s %*s %llu",
			 &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

int machine_boot_id(char ret[40], struct err *err)
{
	char text[64];

	if (read_small_file("/proc/sys/kernel/random/boot_id", text, sizeof(text)) < 0)
		return err_errno(err, ERR_INTERNAL, "the machine's boot id");
	text[strcspn(text, "\n")] = '\0';
	snprintf(ret, 40, "%.39s", text);
	return 0;
}

bool init_is_alive(const struct meta *m)
{
	char boot_id[40];

	return m->pid > 0 && m->pid_start > 0 && machine_boot_id(boot_id, NULL) == 0 &&
	       strcmp(boot_id, m->boot_id) == 0 && process_start(m->pid) == m->pid_start;
}

/* Children of this process leave a zombie; waitpid() rejects those of others. */
static void reap(pid_t pid)
{
	if (pid > 0)
		(void)waitpid(pid, NULL, WNOHANG | __WALL);
}

static bool is_init(pid_t pid)
{
	char path[64], name[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return read_small_file(path, name, sizeof(name)) == 0 &&
	       strncmp(name, "foretide-local-", 15) == 0;
}

void reap_inits(void)
{
	for (;;) {
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == 0 || !is_init(info.si_pid))
			return;
		reap(info.si_pid);
	}
}

static int wait_gone(int pidfd, int64_t wait_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t deadline = clock_mono_ms() + wait_ms;

	for (;;) {
		int64_t left = deadline - clock_mono_ms();
		int n = poll(&p, 1, left > 0 ? (int)MIN(left, 60000) : 0);

		if (n > 0 || (n < 0 && errno != EINTR))
			return 0;
		if (left <= 0)
			return -1;
	}
}

int init_kill(const struct meta *m, int64_t wait_ms, struct err *err)
{
	CLEANUP(close_fd) int pidfd = -1;

	if (!init_is_alive(m)) {
		reap(m->pid);
		return 0;
	}
	pidfd = (int)syscall(SYS_pidfd_open, m->pid, 0);
	/* the descriptor is of the process that has the number now: check it again */
	if (pidfd < 0 || process_start(m->pid) != m->pid_start) {
		reap(m->pid);
		return 0;
	}
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return err_errno(err, ERR_INTERNAL, "killing the init of %s", m->name);
	if (wait_gone(pidfd, wait_ms) < 0)
		return err_set(err, ERR_TIMEOUT, "the init of %s cannot be killed",
			       m->name);
	reap(m->pid);
	return 0;
}
