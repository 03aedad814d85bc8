/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cgroup_v2.h"

#include "check.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCS_BYTES (256 * 1024)
#define TRIES 5 /* while they are moved, they fork */

bool cgroup_write(const char *dir, const char *name, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool count_below(const char *dir)
{
	return cgroup_write(dir, "cgroup.subtree_control", "+pids");
}

/* All that are in it: of a container also the one that started us. */
static void move_processes(const char *dir)
{
	CLEANUP(free) char *path = xasprintf("%s/cgroup.procs", dir);
	CLEANUP(free) char *to = xasprintf("%s/" CGROUP_MAIN, dir);
	CLEANUP(free) char *text = NULL;
	char *next, *pid;

	if ((mkdir(to, 0755) < 0 && errno != EEXIST) ||
	    conf_read_file(path, PROCS_BYTES, &text, NULL, NULL) < 0)
		return;
	for (next = text; (pid = strsep(&next, "\n"));)
		if (*pid)
			(void)cgroup_write(to, "cgroup.procs", pid);
}

bool cgroup_count_below(const char *dir)
{
	for (int i = 0; i < TRIES && !count_below(dir); i++) {
		if (errno != EBUSY)
			return false;
		move_processes(dir);
	}
	return count_below(dir);
}
