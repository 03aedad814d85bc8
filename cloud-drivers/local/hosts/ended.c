/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ended.h"

#include "check.h"
#include "clock.h"
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define KEPT_S (7 * 86400)

static void forget_old(int dirfd)
{
	const int64_t now_s = clock_wall_ms() / 1000;
	const int copy = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	struct stat st;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && fstatat(dirfd, e->d_name, &st, 0) == 0 &&
		    now_s - st.st_mtime > KEPT_S)
			(void)unlinkat(dirfd, e->d_name, 0);
	closedir(d);
}

int ended_note(const struct state *s, const char *launch_id, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/ended", s->dir);
	CLEANUP(close_fd) int dirfd = -1;
	int rc = make_dirs(path, 0700, err);

	if (rc < 0)
		return rc;
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_errno(err, ERR_STORE, "%s", path);
	forget_old(dirfd);
	return write_file_at(dirfd, launch_id, "", 0, 0600, err);
}

bool ended_has(const struct state *s, const char *launch_id)
{
	CLEANUP(free) char *path = xasprintf("%s/ended/%s", s->dir, launch_id);

	return access(path, F_OK) == 0;
}
