/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state_folder.h"

#include "check.h"
#include "clock.h"
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Two state folders must not share link and cgroup names: FNV-1a of the path. */
static void make_tag(struct state *s)
{
	uint32_t h = 2166136261u;

	for (const char *p = s->dir; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	snprintf(s->tag, sizeof(s->tag), "%06x", (h ^ (h >> 24)) & 0xffffff);
}

/* The folder need not exist: it may have been removed manually under running hosts. */
int state_name(const char *dir, struct state *ret, struct err *err)
{
	CLEANUP(free) char *real = realpath(dir, NULL);
	const char *path = real ? real : dir;

	if (path[0] != '/')
		return err_set(err, ERR_INVAL, "'%s' is not an absolute path", path);
	if (strlen(path) >= sizeof(ret->dir))
		return err_set(err, ERR_LIMIT, "the path %s is too long", path);
	snprintf(ret->dir, sizeof(ret->dir), "%s", path);
	for (size_t n = strlen(ret->dir); n > 1 && ret->dir[n - 1] == '/'; n--)
		ret->dir[n - 1] = '\0';
	make_tag(ret);
	return 0;
}

int state_open(const char *dir, bool make, struct state *ret, struct err *err)
{
	CLEANUP(free) char *hosts = xasprintf("%s/hosts", dir);
	CLEANUP(free) char *addresses = xasprintf("%s/addresses", dir);
	struct stat st;
	int rc = 0;

	if (make && (stat(hosts, &st) < 0 || stat(addresses, &st) < 0)) {
		rc = make_dirs(hosts, 0700, err);
		if (rc == 0)
			rc = make_dirs(addresses, 0700, err);
	}
	if (rc < 0)
		return rc;
	if (!make && stat(dir, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 dir);
	return state_name(dir, ret, err);
}

static int lock_within(int fd, int64_t wait_ms)
{
	int64_t deadline = clock_mono_ms() + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_mono_ms() >= deadline) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)poll(NULL, 0, 2);
	}
	return 0;
}

/* The previous holder of the lock may have removed the folder: then it is another now. */
static bool is_in_place(int fd, const char *path)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(path, &there) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

int host_open(const struct state *s, const char *launch_id, bool make, bool lock,
	      int64_t wait_ms, int *ret_dirfd, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts/%s", s->dir, launch_id);

	for (;;) {
		CLEANUP(close_fd) int fd = -1;

		if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_errno(err, ERR_STORE, "%s", path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && make)
			continue;
		if (fd < 0)
			return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE,
					 "host %s", launch_id);
		if (lock && lock_within(fd, wait_ms) < 0)
			return err_set(err, ERR_CONFLICT,
				       "host %s is being created or removed", launch_id);
		if (lock && !is_in_place(fd, path))
			continue;
		*ret_dirfd = fd;
		fd = -1;
		return 0;
	}
}

int host_each(const struct state *s, host_id_fn *fn, void *arg, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/hosts", s->dir);
	DIR *d = opendir(path);
	struct dirent *e;
	int why;

	if (!d)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 path);
	while (errno = 0, (e = readdir(d)))
		if (e->d_name[0] != '.')
			fn(arg, e->d_name);
	why = errno;
	closedir(d);
	errno = why;
	return why ? err_errno(err, ERR_STORE, "reading %s", path) : 0;
}

enum host_status host_status(int dirfd, char text[HOST_STATUS_BYTES])
{
	static const struct {
		const char *word;
		enum host_status status;
	} words[] = {
		{ "pending", HOST_PENDING },
		{ "running", HOST_RUNNING },
		{ "failed", HOST_FAILED },
	};
	char line[HOST_STATUS_BYTES];

	text[0] = '\0';
	if (read_text_at(dirfd, "status", line, sizeof(line), NULL) < 0)
		return HOST_UNMADE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);
		size_t end;

		if (strncmp(line, words[i].word, n) != 0)
			continue;
		for (end = strlen(line); end > n && strchr(" \n", line[end - 1]); end--)
			line[end - 1] = '\0';
		snprintf(text, HOST_STATUS_BYTES, "%s",
			 line + n + (line[n] == ' ' ? 1 : 0));
		return words[i].status;
	}
	return HOST_UNMADE;
}

bool host_is_removing(int dirfd)
{
	return faccessat(dirfd, "removing", F_OK, 0) == 0;
}
