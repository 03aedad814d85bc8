/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_backup.c - the API's callback that makes a backup. Called by the thread of a job,
 * one at a time.
 */
#include "check.h"
#include "state_files.h"
#include "wiring.h"

#include <fcntl.h>

DEFINE_CLEANUP_OBJECT(struct state_files, state_files_done);

static int hook_backup(void *arg, int *ret_fd, struct err *err)
{
	const struct daemon *d = arg;
	CLEANUP(free) char *path = NULL;
	CLEANUP(state_files_done) struct state_files files = { .n = 0 };
	int rc;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	path = xasprintf("%s/backup.tmp", d->o->state_dir);
	rc = state_files_read(d->o->state_dir, &files, err);
	(void)unlink(path); /* of a controller that was killed */
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
