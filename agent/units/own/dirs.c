/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dirs.h"

#include "check.h"
#include "ids.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make_dir_chain(const char *root, const char *name, mode_t mode,
			  const struct ids *ids, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", root, name);

	for (char *p = path + strlen(root) + 1; p;) {
		char *slash = strchr(p, '/');

		if (slash)
			*slash = '\0';
		if (mkdir(path, slash ? 0755 : mode) < 0 && errno != EEXIST)
			return err_errno(err, ERR_INTERNAL, "%s", path);
		if (slash)
			*slash = '/';
		p = slash ? slash + 1 : NULL;
	}
	if (chmod(path, mode) < 0 || (ids->set && chown(path, ids->uid, ids->gid) < 0))
		return err_errno(err, ERR_INTERNAL, "%s", path);
	return 0;
}

int unit_make_dirs(struct unit *u, struct err *err)
{
	CLEANUP(ids_done) struct ids ids = { 0 };
	int rc = unit_find_ids(u->spec, &ids, err);

	for (size_t i = 0; rc == 0 && i < UNIT_DIRS_N; i++)
		for (char **d = u->spec->dirs[i]; rc == 0 && d && *d; d++) {
			if (**d == '/' || strstr(*d, ".."))
				return err_set(err, ERR_INVAL,
					       "%s%s: the path must be relative",
					       unit_dir_roots[i], *d);
			rc = make_dir_chain(unit_dir_roots[i], *d,
					    (mode_t)u->spec->dir_mode, &ids, err);
		}
	return rc;
}

static int remove_entry(const char *path, const struct stat *st, int flag,
			struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	(void)remove(path);
	return 0;
}

void unit_remove_runtime_dirs(const struct unit *u)
{
	for (char **d = u->spec ? u->spec->dirs[0] : NULL; d && *d; d++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", unit_dir_roots[0], *d);

		(void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}
