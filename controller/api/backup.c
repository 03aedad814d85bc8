/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backup of all that a restore needs, as one file. */
#include "handlers.h"

#include "check.h"
#include "job.h"

#include <sys/stat.h>

struct backup {
	const struct api_hooks *hooks;
	int fd; /* of the file; -1: not made yet */
};

static void backup_free(void *arg)
{
	struct backup *b = arg;

	if (b && b->fd >= 0)
		close(b->fd);
	free(b);
}
DEFINE_CLEANUP(struct backup *, backup_free);

static int make(void *arg, struct api_job *job, struct err *err)
{
	struct backup *b = arg;

	(void)job;
	return b->hooks->backup(b->hooks->arg, &b->fd, err);
}

static int send_file(struct request *r, void *arg, int rc, struct err *err)
{
	struct backup *b = arg;
	struct MHD_Response *m;
	struct stat st;

	if (rc < 0)
		return rc;
	if (fstat(b->fd, &st) < 0)
		return err_errno(err, ERR_INTERNAL, "the backup's file");
	m = MHD_create_response_from_fd_at_offset64((uint64_t)st.st_size, b->fd, 0);
	CHECK(m);
	b->fd = -1; /* the response closes it */
	(void)MHD_add_response_header(m, "Content-Type", "application/vnd.sqlite3");
	(void)MHD_add_response_header(m, "Cache-Control", "no-store");
	api_event(r, "backup-made", "", "", "",
		  "%s took a backup of the controller (%lld bytes)", r->who,
		  (long long)st.st_size);
	reply_response(r, 200, m);
	return 0;
}

static const struct api_job_kind kind = { "backup", make, send_file, backup_free };

int api_backup(struct request *r, struct err *err)
{
	CLEANUP(backup_free) struct backup *b = NULL;
	int rc;

	if (!API_HOOK(r, backup))
		return request_absent(err, "the state folder");
	b = xcalloc(1, sizeof(*b));
	b->hooks = &r->api->hooks;
	b->fd = -1;
	rc = api_job_start(r, &kind, NULL, b, err);
	if (rc == 0)
		(void)TAKE(b);
	return rc;
}
