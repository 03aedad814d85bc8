/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc.h"

#include "check.h"
#include "err.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENV_READS 40

/* What follows the name in /proc/PID/stat, from the state on; NULL: no such process. */
static const char *read_fields(pid_t pid, char *text, size_t size)
{
	char path[64];
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	/* The name in brackets may hold anything, so count from the last bracket. */
	p = strrchr(text, ')');
	return p ? p + 1 : NULL;
}

pid_t proc_parent(pid_t pid)
{
	char text[1024];
	const char *p = read_fields(pid, text, sizeof(text));
	int parent = 0;

	return p && sscanf(p, " %*c %d", &parent) == 1 ? (pid_t)parent : 0;
}

int proc_read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
	char text[1024];
	unsigned long long start;
	const char *p = read_fields(pid, text, sizeof(text));

	if (!p ||
	    sscanf(p,
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

	if (pid <= 0 || proc_read_stat(pid, &state, &start) < 0 || state == 'Z' ||
	    state == 'X')
		return 0;
	return start;
}

bool proc_is_zombie(pid_t pid)
{
	uint64_t start;
	char state;

	return proc_read_stat(pid, &state, &start) == 0 && (state == 'Z' || state == 'X');
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
 * would be missed then.
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

bool proc_has_limit(pid_t pid, const char *name, uint64_t value)
{
	CLEANUP(free) char *text = NULL;
	const char *at;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	if (conf_read_file(path, 1 << 16, &text, NULL, NULL) < 0)
		return false;
	at = strstr(text, name);
	return at && strtoull(at + strlen(name), NULL, 10) == value;
}
