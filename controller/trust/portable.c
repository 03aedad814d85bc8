/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portable.h"

#include "check.h"
#include "clock.h"
#include "embedded.h"
#include "heap.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 30000
#define AGAIN_MS 60000
#define AGENT_FD 3
#define SAID_MAX 300

#define PORTABLE_MAGIC 0x706f7274u

enum state { NOT_MADE, MAKING, MADE, FAILED };

struct portable {
	uint32_t magic;
	int agent_fd;

	/* lock guards the rest; no other lock is taken while it is held. */
	pthread_mutex_t lock;
	pthread_cond_t over; /* it is made, or has failed */
	enum state state;
	bool has_thread; /* that is to be joined */
	pthread_t thread;
	pid_t pid; /* of the process that makes it; 0: none */
	bool stopping;
	int64_t failed_ms; /* monotonic */
	struct portable_file file;
};

/* ---------------------------------------------------------------- the process */

/* A file without a name, on a disk where there is one. */
static int open_unnamed(struct err *err)
{
	int fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd
		       : err_errno(err, ERR_UNAVAIL,
				   "a file in /var/tmp or /tmp for the portable agent");
}

static int spawn(const struct portable *p, int out, int said, pid_t *ret)
{
	CLEANUP(free)
	char *script = xstrdup(embedded_text(user_data_files, "portable.sh"));
	char name[] = "portable", dash_c[] = "-c";
	char *argv[] = { name, dash_c, script, NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int rc;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, said, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&files, p->agent_fd, AGENT_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, AGENT_FD + 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(ret, "/bin/sh", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static int start(struct portable *p, int out, int said, pid_t *ret, struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	if (p->stopping)
		rc = err_set(err, ERR_UNAVAIL, "the controller stops");
	else if ((errno = spawn(p, out, said, ret)) != 0)
		rc = err_errno(err, ERR_UNAVAIL, "/bin/sh");
	else
		p->pid = *ret;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* Waits for its end, which is an early one after the deadline. Returns whether it went
 * well. */
static bool await_end(struct portable *p, pid_t pid)
{
	CLEANUP(close_fd) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd wait = { .fd = pidfd, .events = POLLIN };
	int status = 0;

	if (pidfd < 0 || poll(&wait, 1, DEADLINE_MS) <= 0)
		(void)kill(-pid, SIGKILL);
	pthread_mutex_lock(&p->lock);
	p->pid = 0;
	pthread_mutex_unlock(&p->lock);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---------------------------------------------------------------- the file */

static int sum_up(int fd, struct portable_file *ret, struct err *err)
{
	struct stat s;
	void *data;

	if (fstat(fd, &s) < 0)
		return err_errno(err, ERR_UNAVAIL, "the portable agent's file");
	data = s.st_size > 0 ? mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_SHARED, fd, 0)
			     : MAP_FAILED;
	if (data == MAP_FAILED)
		return err_set(err, ERR_UNAVAIL, "the portable agent's file is empty");
	token_hash_bytes(data, (size_t)s.st_size, ret->sum);
	munmap(data, (size_t)s.st_size);
	ret->size = (size_t)s.st_size;
	return 0;
}

static int failed(int said, struct err *err)
{
	char text[SAID_MAX] = "";
	const ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	text[MAX(n, 0)] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_set(err, ERR_UNAVAIL, "what collects its libraries failed: %s",
		       *text ? text : "it said nothing");
}

static int make(struct portable *p, struct portable_file *ret, struct err *err)
{
	CLEANUP(close_fd) int out = open_unnamed(err);
	CLEANUP(close_fd) int said = memfd_create("portable", MFD_CLOEXEC);
	pid_t pid = 0;
	int rc;

	if (out < 0)
		return out;
	if (said < 0)
		return err_errno(err, ERR_UNAVAIL, "a file for what is said");
	rc = start(p, out, said, &pid, err);
	if (rc == 0 && !await_end(p, pid))
		rc = failed(said, err);
	if (rc == 0)
		rc = sum_up(out, ret, err);
	if (rc < 0)
		return rc;
	ret->fd = out;
	out = -1;
	return 0;
}

static void *run(void *arg)
{
	struct portable *p = arg;
	struct portable_file file = { .fd = -1 };
	struct err e;
	int rc;

	CHECK_MAGIC(p, PORTABLE_MAGIC);
	rc = make(p, &file, &e);
	pthread_mutex_lock(&p->lock);
	if (rc < 0 && !p->stopping)
		log_warn("no-portable-agent", ERR(&e));
	if (rc == 0)
		p->file = file;
	p->state = rc == 0 ? MADE : FAILED;
	p->failed_ms = clock_mono_ms();
	pthread_cond_broadcast(&p->over);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---------------------------------------------------------------- for others */

struct portable *portable_new(int agent_fd)
{
	struct portable *p = xcalloc(1, sizeof(*p));

	p->magic = PORTABLE_MAGIC;
	p->agent_fd = agent_fd < 0 ? -1 : fcntl(agent_fd, F_DUPFD_CLOEXEC, AGENT_FD + 1);
	p->file.fd = -1;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->over, NULL);
	return p;
}

void portable_free(struct portable *p)
{
	if (!p)
		return;
	CHECK_MAGIC(p, PORTABLE_MAGIC);
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	if (p->pid)
		(void)kill(-p->pid, SIGKILL);
	pthread_mutex_unlock(&p->lock);
	if (p->has_thread)
		pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->over);
	pthread_mutex_destroy(&p->lock);
	if (p->agent_fd >= 0)
		close(p->agent_fd);
	if (p->file.fd >= 0)
		close(p->file.fd);
	p->magic = 0;
	free(p);
}

/* Locked. */
static void begin(struct portable *p)
{
	if (p->state == MADE || p->state == MAKING ||
	    (p->state == FAILED && clock_mono_ms() - p->failed_ms < AGAIN_MS))
		return;
	if (p->has_thread)
		pthread_join(p->thread, NULL); /* its last act was to say so */
	p->has_thread = pthread_create(&p->thread, NULL, run, p) == 0;
	p->state = p->has_thread ? MAKING : FAILED;
	p->failed_ms = clock_mono_ms();
}

int portable_get(struct portable *p, bool wait, struct portable_file *ret,
		 struct err *err)
{
	int rc = 0;

	CHECK_MAGIC(p, PORTABLE_MAGIC);
	if (p->agent_fd < 0)
		return err_set(err, ERR_UNAVAIL,
			       "the controller has no agent to download");
	pthread_mutex_lock(&p->lock);
	begin(p);
	while (wait && p->state == MAKING)
		pthread_cond_wait(&p->over, &p->lock);
	if (p->state == MADE)
		*ret = p->file;
	else if (p->state == MAKING)
		rc = err_set(err, ERR_UNAVAIL, "the portable agent is being made");
	else
		rc = err_set(err, ERR_UNAVAIL,
			     "the controller has no portable agent; its log says why");
	pthread_mutex_unlock(&p->lock);
	return rc;
}
