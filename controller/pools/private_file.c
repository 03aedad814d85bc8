/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "private_file.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES (256 * 1024)

/* Why others could read it. */
static void check_exposed(const char *path, const struct stat *st, struct err *ret)
{
	ret->code = 0;
	if (st->st_uid != 0 && st->st_uid != geteuid())
		(void)err_set(ret, ERR_DENIED,
			      "%s belongs to user %u; it must belong to root or to the "
			      "user that runs the controller",
			      path, (unsigned)st->st_uid);
	else if (st->st_mode & 077)
		(void)err_set(ret, ERR_DENIED,
			      "%s has mode %04o, so others could read its secrets; run "
			      "chmod 0600 %s",
			      path, (unsigned)(st->st_mode & 07777), path);
}

static int open_file(const char *path, int *ret, struct err *exposed, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == EACCES)
		return err_set(err, ERR_DENIED,
			       "user %u, who runs the controller, cannot read the "
			       "credentials file %s: run chown %u %s",
			       (unsigned)geteuid(), path, (unsigned)geteuid(), path);
	if (fd < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED,
				 "the credentials file %s cannot be opened", path);
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DENIED, "%s is not a regular file", path);
	check_exposed(path, &st, exposed);
	*ret = fd;
	fd = -1;
	return 0;
}

/* Reads the file through the descriptor that was checked. */
static int read_all(int fd, const char *path, char *text, size_t size, struct err *err)
{
	size_t used = 0;

	for (;;) {
		ssize_t n = read(fd, text + used, size - used);

		if (n < 0)
			return err_errno(err, ERR_INTERNAL, "reading %s", path);
		used += (size_t)n;
		if (n == 0)
			break;
		if (used == size)
			return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes",
				       path, size - 1);
	}
	text[used] = '\0';
	return 0;
}

void private_file_done(struct private_file *f)
{
	if (f->text)
		explicit_bzero(f->text, MAX_BYTES + 1);
	free(f->text);
	f->text = NULL;
}

int private_file_read(const char *path, struct private_file *ret, struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	CLEANUP(close_fd) int fd = -1;
	int rc = open_file(path, &fd, &f.exposed, err);

	if (rc < 0)
		return rc;
	f.text = xcalloc(1, MAX_BYTES + 1);
	rc = read_all(fd, path, f.text, MAX_BYTES + 1, err);
	if (rc < 0)
		return rc;
	ret->exposed = f.exposed;
	ret->text = TAKE(f.text);
	return 0;
}

int private_file_check(const char *path, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	struct err exposed;
	int rc = open_file(path, &fd, &exposed, err);

	if (rc < 0 || exposed.code == 0)
		return rc;
	if (err)
		*err = exposed;
	return exposed.code;
}
