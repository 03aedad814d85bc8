/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include "check.h"
#include "cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int remove_inside(int dirfd, dev_t device, struct err *err);

static int remove_entry(int dirfd, const char *name, dev_t device, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	struct stat st;
	int rc;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_errno(err, ERR_STORE, "removing %s", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, ERR_STORE, "removing %s", name);
	if (st.st_dev != device)
		return err_set(err, ERR_CONFLICT, "something is mounted on %s", name);
	rc = remove_inside(fd, device, err);
	if (rc < 0)
		return rc;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_errno(err, ERR_STORE, "removing %s", name);
	return 0;
}

/* Depth is bounded by the paths that the host's processes could create. */
static int remove_inside(int dirfd, dev_t device, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return err_errno(err, ERR_STORE, "opening a folder");
	while (rc == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_entry(dirfd, e->d_name, device, err);
	closedir(d);
	return rc;
}

int remove_tree(int dirfd, const char *name, struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, ERR_STORE, "%s", name);
	return remove_entry(dirfd, name, st.st_dev, err);
}

int make_dirs(const char *path, mode_t mode, struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(path);

	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, c ? 0755 : mode) < 0 && errno != EEXIST)
			return err_errno(err,
					 errno == EACCES || errno == EPERM ? ERR_DENIED
									   : ERR_STORE,
					 "creating the folder %s", copy);
		*p = c;
		if (c == '\0')
			return 0;
	}
}

int write_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct err *err)
{
	CLEANUP(close_fd)
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	const char *p = data;

	if (fd < 0)
		return err_errno(err, ERR_STORE, "%s", name);
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return err_errno(err, ERR_STORE, "writing %s", name);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int read_text_at(int dirfd, const char *name, char *text, size_t size, struct err *err)
{
	CLEANUP(close_fd) int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (n < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "%s",
				 name);
	text[n] = '\0';
	return 0;
}
