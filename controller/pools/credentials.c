/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "credentials.h"

#include "cleanup.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define CREDENTIALS_MAX_BYTES (256 * 1024)

static int check_private(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_DENIED, "%s is not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(err, ERR_DENIED,
			       "%s belongs to user %u; it must belong to root or to the "
			       "user that runs the controller",
			       path, (unsigned)st->st_uid);
	if (st->st_mode & 077)
		return err_set(err, ERR_DENIED,
			       "%s has mode %04o, so others could read its secrets; run "
			       "chmod 0600 %s",
			       path, (unsigned)(st->st_mode & 07777), path);
	return 0;
}

static int open_private(const char *path, int *ret, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED,
				 "the credentials file %s cannot be opened", path);
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_INTERNAL, "%s", path);
	rc = check_private(path, &st, err);
	if (rc < 0)
		return rc;
	*ret = fd;
	fd = -1;
	return 0;
}

int credentials_check(const char *path, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	int rc = open_private(path, &fd, err);

	return rc == ERR_NOT_FOUND ? 0 : rc;
}

struct reading {
	const char *profile;
	json_t *pairs; /* NULL until the profile's first pair */
};

static int on_pair(void *arg, const char *section, const char *name, const char *value,
		   int line, struct err *err)
{
	struct reading *r = arg;

	(void)line;
	if (!*section)
		return err_set(err, ERR_INVAL, "'%s' comes before the first [profile]",
			       name);
	if (strcmp(section, r->profile) != 0)
		return 0;
	if (!r->pairs)
		r->pairs = json_object();
	if (json_object_get(r->pairs, name))
		return err_set(err, ERR_INVAL, "'%s' is given twice in [%s]", name,
			       section);
	if (json_object_set_new(r->pairs, name, json_string(value)) < 0)
		return err_set(err, ERR_INVAL, "'%s' is not UTF-8", name);
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

int credentials_get(const char *path, const char *profile, json_t **ret, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	CLEANUP(free) char *text = NULL;
	struct reading r = { .profile = profile };
	int rc = open_private(path, &fd, err);

	if (rc < 0)
		return rc;
	text = calloc(1, CREDENTIALS_MAX_BYTES + 1);
	if (!text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	rc = read_all(fd, path, text, CREDENTIALS_MAX_BYTES + 1, err);
	if (rc == 0)
		rc = conf_each(text, path, on_pair, &r, err);
	explicit_bzero(text, CREDENTIALS_MAX_BYTES);
	if (rc == 0 && !r.pairs)
		rc = err_set(err, ERR_NOT_FOUND, "%s has no profile [%s]", path, profile);
	if (rc < 0) {
		json_decref(r.pairs);
		return rc;
	}
	*ret = r.pairs;
	return 0;
}
