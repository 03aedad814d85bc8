/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "destination.h"

#include "check.h"
#include "fnv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MODE_BITS 07777

static bool has_rights(const struct stat *st, const struct confd_spec *s)
{
	return (s->mode < 0 || (st->st_mode & MODE_BITS) == (mode_t)s->mode) &&
	       (s->uid == (uid_t)-1 || st->st_uid == s->uid) &&
	       (s->gid == (gid_t)-1 || st->st_gid == s->gid);
}

static bool has_bytes(int fd, const char *data, size_t len)
{
	char part[8192];

	for (size_t at = 0;;) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && at == len;
		if ((size_t)n > len - at || memcmp(part, data + at, (size_t)n) != 0)
			return false;
		at += (size_t)n;
	}
}

bool confd_file_equals(const char *dest, const char *data, size_t len,
		       const struct confd_spec *s)
{
	CLEANUP(close_fd) int fd = open(dest, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (size_t)st.st_size == len && has_rights(&st, s) &&
	       has_bytes(fd, data, len);
}

static int write_all(int fd, const char *path, const char *data, size_t len,
		     struct err *err)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, data + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_STORE, "%s cannot be written", path);
		at += (size_t)n;
	}
	return 0;
}

static int make_folders(const char *dest, struct err *err)
{
	CLEANUP(free) char *path = xstrdup(dest);

	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(err, ERR_STORE, "folder %s cannot be made",
					 path);
		*p = '/';
	}
	return 0;
}

/* What the resource does not set is taken from the existing file. */
static int set_rights(int fd, const char *dest, const char *path,
		      const struct confd_spec *s, struct err *err)
{
	struct stat st;
	bool there = stat(dest, &st) == 0 && S_ISREG(st.st_mode);
	mode_t mode = s->mode >= 0 ? (mode_t)s->mode
		      : there      ? st.st_mode & MODE_BITS
				   : 0644;

	if ((s->uid != (uid_t)-1 || s->gid != (gid_t)-1) &&
	    fchown(fd, s->uid, s->gid) < 0)
		return err_errno(err, ERR_STORE, "cannot set the owner of %s", path);
	if (fchmod(fd, mode) < 0)
		return err_errno(err, ERR_STORE, "cannot set the mode of %s", path);
	return 0;
}

int confd_file_stage(const char *dest, const char *data, size_t len,
		     const struct confd_spec *s, char **ret_path, struct err *err)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(close_fd) int fd = -1;
	const char *slash = strrchr(dest, '/');
	int rc = make_folders(dest, err);

	if (rc < 0)
		return rc;
	path = xasprintf("%.*s/.%sXXXXXX", (int)(slash - dest), dest, slash + 1);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_STORE, "%s cannot be made", path);
	rc = set_rights(fd, dest, path, s, err);
	if (rc == 0)
		rc = write_all(fd, path, data, len, err);
	if (rc < 0) {
		(void)unlink(path);
		return rc;
	}
	*ret_path = TAKE(path);
	return 0;
}

/* For a destination that is a mount point and so cannot be replaced. */
static int copy_in_place(int from, const char *dest, struct err *err)
{
	CLEANUP(close_fd) int to = open(dest, O_WRONLY | O_TRUNC | O_CLOEXEC);
	char part[8192];
	ssize_t n;

	if (to < 0)
		return err_errno(err, ERR_STORE, "%s cannot be opened", dest);
	while ((n = read(from, part, sizeof(part))) != 0) {
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_STORE, "the staged file of %s", dest);
		rc = write_all(to, dest, part, (size_t)n, err);
		if (rc < 0)
			return rc;
	}
	return fsync(to) < 0 ? err_errno(err, ERR_STORE, "%s cannot be synced", dest) : 0;
}

int confd_file_publish(const char *staged, const char *dest, struct err *err)
{
	CLEANUP(close_fd) int fd = open(staged, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_errno(err, ERR_STORE, "%s cannot be opened", staged);
	if (fsync(fd) < 0)
		return err_errno(err, ERR_STORE, "%s cannot be synced", staged);
	if (rename(staged, dest) == 0)
		return 0;
	if (errno != EBUSY)
		return err_errno(err, ERR_STORE, "%s cannot be replaced", dest);
	rc = copy_in_place(fd, dest, err);
	(void)unlink(staged);
	return rc;
}

/* ---------------------------------------------------------------- marks */

char *confd_mark_path(const char *state_dir, const char *key)
{
	if (!state_dir)
		return xstrdup("");
	return xasprintf("%s/confd-reload-%016llx", state_dir,
			 (unsigned long long)fnv(FNV_START, key, strlen(key)));
}

void confd_mark_set(const char *path)
{
	/* If it fails, only a restart right now would forget the reload. */
	int fd = *path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
}

void confd_mark_clear(const char *path)
{
	if (*path)
		(void)unlink(path);
}

bool confd_mark_is_set(const char *path)
{
	return *path && access(path, F_OK) == 0;
}
