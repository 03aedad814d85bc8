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

int file_write(const char *path, const void *data, size_t len, unsigned mode,
	       struct err *err)
{
	CLEANUP(free) char *temporary = xasprintf("%s.XXXXXX", path);
	CLEANUP(close_fd) int fd = mkostemp(temporary, O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "writing %s", path);
	if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || fsync(fd) < 0 ||
	    rename(temporary, path) < 0) {
		rc = err_errno(err, ERR_INTERNAL, "writing %s", path);
		(void)unlink(temporary);
		return rc;
	}
	return sync_folder(path, err);
}
