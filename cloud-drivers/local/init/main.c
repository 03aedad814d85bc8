/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foretide-local-init - process 1 of a host made by the local driver.
 *
 * Started by local/hosts/spawn.c in new namespaces with the host's folder as its
 * argument. It builds the host's root, waits until all outside is ready, waits for the
 * boot delay, brings up the network and runs the user data; then it reaps processes,
 * forwards SIGTERM, and writes the console. When the user data's process ends and a
 * program /etc/foretide/respawn is there, that is run instead, again after each end.
 */
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "confine.h"
#include "console.h"
#include "hide.h"
#include "hosts.h"
#include "rootfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define USER_DATA "/run/foretide-user-data"
#define RESPAWN "/etc/foretide/respawn"
#define RESPAWN_PAUSE_MS 1000
#define STOP_GRACE_MS 10000
#define CONSOLE_FD 1

struct host {
	struct meta meta;
	struct cgroups groups;
	bool has_groups;
	char *user_data;
	size_t user_data_len;
	int status_fd;
	int signal_fd;
	int output[2]; /* pipe: output of the host's processes */
	pid_t main_pid;
	int64_t stop_mono_ms;    /* when SIGTERM's grace ends; 0: not stopping */
	int64_t respawn_mono_ms; /* when to run it again; 0: nothing to run */
};

/* ---------------------------------------------------------------- saying how it is */

/* One line of fixed length in one write, so that no reader gets half of it. */
static void set_status(const struct host *h, const char *word, const char *text)
{
	char line[HOST_STATUS_BYTES - 1];
	int n = snprintf(line, sizeof(line), "%s %s", word, text);

	if (n < (int)sizeof(line))
		memset(line + n, ' ', sizeof(line) - (size_t)n);
	line[sizeof(line) - 1] = '\n';
	if (pwrite(h->status_fd, line, sizeof(line), 0) < 0)
		console_write(CONSOLE_FD, "status lost\n", 12);
}

static void note(const char *what)
{
	CLEANUP(free) char *line = xasprintf("foretide-local-init: %s\n", what);

	console_write(CONSOLE_FD, line, strlen(line));
}

/* Before it may start: the parent receives it and removes the host. */
static _Noreturn void abort_with(const struct err *e)
{
	CLEANUP(free) char *text = xasprintf("E%s", e->msg);

	note(e->msg);
	if (send(SPAWN_FD, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(2);
	_exit(1);
}

/* ---------------------------------------------------------------- start */

static int read_folder(struct host *h, const char *folder, struct err *err)
{
	CLEANUP(close_fd)
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_fd) int fd = -1;
	struct stat st;

	if (dirfd < 0)
		return err_errno(err, ERR_INTERNAL, "%s", folder);
	fd = openat(dirfd, "user-data", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_INTERNAL, "user-data");
	h->user_data_len = (size_t)st.st_size;
	h->user_data = xmalloc(h->user_data_len + 1);
	if (read(fd, h->user_data, h->user_data_len) != st.st_size)
		return err_errno(err, ERR_INTERNAL, "user-data");
	h->status_fd = openat(dirfd, "status", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (h->status_fd < 0)
		return err_errno(err, ERR_INTERNAL, "status");
	return meta_read(dirfd, &h->meta, err);
}

static int take_signals(struct host *h, struct err *err)
{
	sigset_t set;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			(void)signal(i, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGPWR);
	sigprocmask(SIG_SETMASK, &set, NULL);
	h->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (h->signal_fd < 0 || pipe2(h->output, O_CLOEXEC) < 0 ||
	    fcntl(h->output[0], F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, ERR_INTERNAL, "signals and output");
	return 0;
}

/* The parent's permission; without it this host must not run. */
static void wait_for_go(void)
{
	char word;

	if (recv(SPAWN_FD, &word, 1, 0) != 1 || word != 'G')
		_exit(3);
}

/*
 * A host out of memory loses the largest process, not process 1 and with it the host. Not
 * every kernel allows a lower score, but process 1 is small anyway.
 */
static void set_oom_score(const char *score)
{
	CLEANUP(close_fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, score, strlen(score)) < 0)
		return;
}

static void prepare(struct host *h, const char *folder)
{
	struct err e;
	int rc;

	umask(022);
	(void)syscall(SYS_close_range, SPAWN_LOCK_FD + 1, ~0u, 0);
	(void)fcntl(SPAWN_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(SPAWN_LOCK_FD, F_SETFD, FD_CLOEXEC);
	rc = take_signals(h, &e);
	if (rc == 0)
		rc = read_folder(h, folder, &e);
	if (rc == 0)
		h->has_groups = cgroups_find(&h->groups, NULL) == 0;
	if (rc == 0)
		rc = rootfs_enter(folder, &h->meta, &e);
	if (rc < 0)
		abort_with(&e);
	set_oom_score("-900");
	if (send(SPAWN_FD, "R", 1, MSG_NOSIGNAL) != 1)
		_exit(3);
	wait_for_go();
	if (h->has_groups)
		rc = rootfs_mount_cgroups(&h->groups, &e);
	if (rc < 0)
		abort_with(&e);
	set_status(h, "pending", "");
	close(SPAWN_LOCK_FD);
	if (send(SPAWN_FD, "G", 1, MSG_NOSIGNAL) != 1)
		note("the parent process has exited");
	close(SPAWN_FD);
}

/* ---------------------------------------------------------------- network */

static void write_setting(const char *path, const char *value)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		note("a network setting could not be changed");
}

static int bring_up_network(const struct meta *m, struct err *err)
{
	CLEANUP(nl_close) struct nl *nl = NULL;
	struct nl_link lo, eth;
	struct in_addr address, gateway;
	int rc = nl_open(&nl, err);

	inet_pton(AF_INET, m->address, &address);
	inet_pton(AF_INET, m->gateway, &gateway);
	if (rc == 0)
		rc = nl_link_get(nl, "lo", &lo, err);
	if (rc == 0)
		rc = nl_link_up(nl, lo.index, err);
	if (rc == 0)
		rc = nl_link_get(nl, "eth0", &eth, err);
	/* neighbours that know an earlier host of this address are updated */
	write_setting("/proc/sys/net/ipv4/conf/eth0/arp_notify", "1");
	write_setting("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1");
	/* units that are not root may serve port 80, and may ping */
	write_setting("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	if (rc == 0)
		rc = nl_addr_add(nl, eth.index, address, m->prefix, err);
	if (rc == 0)
		rc = nl_link_up(nl, eth.index, err);
	if (rc == 0)
		rc = nl_route_default(nl, eth.index, gateway, err);
	return rc;
}

/* ---------------------------------------------------------------- processes */

static _Noreturn void run_program(const struct host *h, const char *path, bool script)
{
	char *const env[] = {
		(char[]){ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
			  "bin" },
		(char[]){ "HOME=/root" },
		(char[]){ "TERM=linux" },
		(char[]){ "LANG=C.UTF-8" },
		(char[]){ "container=foretide" },
		NULL
	};
	CLEANUP(free) char *copy = xstrdup(path);
	char *shell_argv[] = { (char[]){ "/bin/sh" }, copy, NULL };
	char *argv[] = { copy, NULL };
	sigset_t none;
	struct err e;

	if (confine_process(&e) < 0) {
		dprintf(h->output[1], "foretide-local-init: %s\n", e.msg);
		_exit(127);
	}
	/* Without the right to lower it, but back to that of process 1 it may. */
	set_oom_score("0");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setsid();
	if (dup2(h->output[1], 1) == 1 && dup2(h->output[1], 2) == 2 && chdir("/") == 0) {
		(void)syscall(SYS_close_range, 3, ~0u, 0);
		(void)execve(script ? "/bin/sh" : path, script ? shell_argv : argv, env);
	}
	dprintf(2, "foretide-local-init: %s: %s\n", path, strerrordesc_np(errno));
	_exit(127);
}

static void start_program(struct host *h, const char *path, bool script)
{
	pid_t pid = fork();

	if (pid == 0)
		run_program(h, path, script);
	if (pid < 0) {
		note("fork failed");
		h->respawn_mono_ms = clock_mono_ms() + RESPAWN_PAUSE_MS;
		return;
	}
	h->main_pid = pid;
}

static void start_user_data(struct host *h)
{
	struct err e;
	bool direct = h->user_data_len > 2 && memcmp(h->user_data, "#!", 2) == 0;

	if (write_file_at(AT_FDCWD, USER_DATA, h->user_data, h->user_data_len, 0700, &e) <
	    0) {
		set_status(h, "failed", e.msg);
		return;
	}
	free(TAKE(h->user_data));
	if (h->user_data_len > 0)
		start_program(h, USER_DATA, !direct);
}

/* Output written before an event precedes its note: drains the pipe first. */
static void note_after_output(const struct host *h, const char *what)
{
	for (int i = 0; i < 16 && console_copy(h->output[0], CONSOLE_FD); i++)
		;
	note(what);
}

static void on_main_end(struct host *h, int how)
{
	CLEANUP(free)
	char *text = WIFSIGNALED(how)
			     ? xasprintf("the main process was killed by signal %d",
					 WTERMSIG(how))
			     : xasprintf("the main process ended with status %d",
					 WEXITSTATUS(how));

	h->main_pid = 0;
	note_after_output(h, text);
	if (!h->stop_mono_ms && access(RESPAWN, X_OK) == 0)
		h->respawn_mono_ms = clock_mono_ms() + RESPAWN_PAUSE_MS;
}

/* The host ends with process 1. */
static _Noreturn void end_host(const struct host *h)
{
	note_after_output(h, "stopped");
	_exit(0);
}

static void reap_all(struct host *h)
{
	int how;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		if (pid == h->main_pid)
			on_main_end(h, how);
	if (pid < 0 && errno == ECHILD && h->stop_mono_ms)
		end_host(h);
}

static void on_signals(struct host *h)
{
	struct signalfd_siginfo info;

	while (read(h->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD || h->stop_mono_ms)
			continue;
		note("stopping on SIGTERM");
		h->stop_mono_ms = clock_mono_ms() + STOP_GRACE_MS;
		(void)kill(-1, SIGTERM);
	}
	reap_all(h);
}

/* ---------------------------------------------------------------- life */

static int poll_timeout(const struct host *h, int64_t until_mono_ms)
{
	int64_t now = clock_mono_ms(), next = until_mono_ms;

	if (h->stop_mono_ms && (!next || h->stop_mono_ms < next))
		next = h->stop_mono_ms;
	if (h->respawn_mono_ms && (!next || h->respawn_mono_ms < next))
		next = h->respawn_mono_ms;
	return !next ? -1 : next <= now ? 0 : (int)MIN(next - now, 3600000);
}

/* Serves signals and output once, or until then; 0: without limit. */
static void serve(struct host *h, int64_t until_mono_ms)
{
	struct pollfd p[] = { { .fd = h->signal_fd, .events = POLLIN },
			      { .fd = h->output[0], .events = POLLIN } };

	if (poll(p, ARRAY_SIZE(p), poll_timeout(h, until_mono_ms)) < 0)
		return;
	if (p[0].revents)
		on_signals(h);
	if (p[1].revents)
		(void)console_copy(h->output[0], CONSOLE_FD);
	if (h->stop_mono_ms && clock_mono_ms() >= h->stop_mono_ms)
		end_host(h);
	if (h->respawn_mono_ms && clock_mono_ms() >= h->respawn_mono_ms) {
		h->respawn_mono_ms = 0;
		start_program(h, RESPAWN, false);
	}
}

int main(int argc, char **argv)
{
	static struct host h;
	struct err e;
	int64_t booted;

	if (argc != 2 || getpid() != 1) {
		fputs("foretide-local-init is process 1 of hosts that the local driver "
		      "makes; it is not run by hand\n",
		      stderr);
		return 2;
	}
	prepare(&h, argv[1]);
	booted = clock_mono_ms() + h.meta.boot_delay_ms;
	while (clock_mono_ms() < booted)
		serve(&h, booted);
	if (bring_up_network(&h.meta, &e) < 0 || hide_kernel(&e) < 0) {
		note(e.msg);
		set_status(&h, "failed", e.msg);
	} else {
		set_status(&h, "running", "");
		start_user_data(&h);
	}
	for (;;)
		serve(&h, 0);
}
