/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file.h"

#include "check.h"
#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_BYTES 64

static bool is_closed(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 && errno == EACCES;
}

/* The first folder on the way that we may not enter; NULL: none. */
static char *closed_folder(const char *path)
{
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		CLEANUP(free) char *folder = xasprintf("%.*s", (int)(p - path), path);

		if (*folder && is_closed(folder, X_OK))
			return TAKE(folder);
	}
	return NULL;
}

static void user_name(char ret[NAME_MAX_BYTES])
{
	const struct passwd *p = getpwuid(geteuid());

	snprintf(ret, NAME_MAX_BYTES, "%u", (unsigned)geteuid());
	if (p)
		snprintf(ret, NAME_MAX_BYTES, "%s", p->pw_name);
}

static void group_name(gid_t id, char ret[NAME_MAX_BYTES])
{
	const struct group *g = getgrgid(id);

	snprintf(ret, NAME_MAX_BYTES, "%u", (unsigned)id);
	if (g)
		snprintf(ret, NAME_MAX_BYTES, "%s", g->gr_name);
}

/* A group of its own, as ssl-cert, is left to the file: then the user joins it. */
static int say_how(const char *path, const char *user, const struct stat *st,
		   struct err *err)
{
	const bool join = st->st_gid != 0 && st->st_mode & S_IRGRP;
	char group[NAME_MAX_BYTES];

	group_name(join ? st->st_gid : getegid(), group);
	if (join)
		return err_set(err, ERR_DENIED,
			       "user %s cannot read %s: run usermod -aG %s %s", user,
			       path, group, user);
	return err_set(err, ERR_DENIED,
		       "user %s cannot read %s: run chgrp %s %s && chmod g+r %s", user,
		       path, group, path, path);
}

int file_check_readable(const char *path, struct err *err)
{
	CLEANUP(free) char *folder = closed_folder(path);
	char user[NAME_MAX_BYTES];
	struct stat st;

	user_name(user);
	if (folder)
		return err_set(
			err, ERR_DENIED,
			"user %s may not enter the folder %s: put %s into one that "
			"it may, such as /etc/foretide",
			user, folder, path);
	if (stat(path, &st) < 0)
		return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
				 "%s", path);
	return is_closed(path, R_OK) ? say_how(path, user, &st, err) : 0;
}
