/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file.h"

#include "check.h"
#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The rename is durable only when the folder is synced. */
static int sync_folder(const char *path, struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(path);
	CLEANUP(close_fd)
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, ERR_INTERNAL, "syncing the folder of %s", path);
	return 0;
}

/* From fd of the temporary file to path. */
static int put(int fd, const char *temporary, const char *path, const void *data,
	       size_t len, unsigned mode, bool synced, struct err *err)
{
	int rc;

	if (fchmod(fd, mode) == 0 && write_all(fd, data, len) == 0 &&
	    (!synced || fsync(fd) == 0) && rename(temporary, path) == 0)
		return synced ? sync_folder(path, err) : 0;
	rc = err_errno(err, ERR_INTERNAL, "writing %s", path);
	(void)unlink(temporary);
	return rc;
}

int file_write(const char *path, const void *data, size_t len, unsigned mode,
	       struct err *err)
{
	CLEANUP(free) char *temporary = xasprintf("%s.XXXXXX", path);
	CLEANUP(close_fd) int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "writing %s", path);
	return put(fd, temporary, path, data, len, mode, true, err);
}

int file_replace(const char *path, const void *data, size_t len, unsigned mode,
		 bool synced, struct err *err)
{
	CLEANUP(free) char *temporary = xasprintf("%s.new", path);
	CLEANUP(close_fd) int fd = -1;

	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "writing %s", path);
	return put(fd, temporary, path, data, len, mode, synced, err);
}
