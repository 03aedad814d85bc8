/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_backup.c - the API's callback that makes a backup. Called by the thread of a job,
 * one at a time.
 */
#include "check.h"
#include "state_files.h"
#include "wiring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SPARE_BYTES (16 << 20) /* that the database goes on with meanwhile */

DEFINE_CLEANUP_OBJECT(struct state_files, state_files_done);

static int64_t size_of(const struct daemon *d, const char *file)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", d->o->state_dir, file);
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* It is made beside the database, which a full disk would stop. */
static int check_space(const struct daemon *d, struct err *err)
{
	const int64_t need =
		size_of(d, "foretide.db") + size_of(d, "foretide.db-wal") + SPARE_BYTES;
	struct statvfs disk;
	int64_t free_bytes;

	if (statvfs(d->o->state_dir, &disk) < 0)
		return err_errno(err, ERR_STORE, "%s", d->o->state_dir);
	free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	if (free_bytes >= need)
		return 0;
	return err_set(err, ERR_STORE,
		       "the disk of %s has %lld MB free, and a backup needs %lld MB "
		       "there while it is made: make room first",
		       d->o->state_dir, (long long)(free_bytes >> 20),
		       (long long)((need + (1 << 20) - 1) >> 20));
}

static int hook_backup(void *arg, int *ret_fd, struct err *err)
{
	const struct daemon *d = arg;
	CLEANUP(free) char *path = NULL;
	CLEANUP(state_files_done) struct state_files files = { .n = 0 };
	int rc;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	path = xasprintf("%s/backup.tmp", d->o->state_dir);
	(void)unlink(path); /* of a controller that was killed */
	rc = check_space(d, err);
	if (rc == 0)
		rc = state_files_read(d->o->state_dir, &files, err);
	if (rc == 0)
		rc = db_backup(d->db, path, files.v, files.n, err);
	if (rc < 0)
		return rc;
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		rc = err_errno(err, ERR_STORE, "cannot read %s", path);
	(void)unlink(path);
	return rc;
}

void daemon_backup_hooks(struct api_hooks *ret)
{
	ret->backup = hook_backup;
}
