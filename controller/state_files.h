/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state_files.h - the files of the state folder beside the database: keys, certificates,
 * and whose they are. A backup carries them, a restore puts them back.
 */
#ifndef CONTROLLER_STATE_FILES_H
#define CONTROLLER_STATE_FILES_H

#include "db.h"

#define STATE_FILES_MAX 32

struct state_files {
	struct db_backup_file v[STATE_FILES_MAX]; /* name "ca/ca.pem" */
	size_t n;
};
void state_files_done(struct state_files *f);

/* All that the folder has. ERR_LIMIT: there are more, or a larger one. */
int state_files_read(const char *state_dir, struct state_files *ret,
		     struct err *err) MUST_CHECK;
/* One of them, into the folder. ERR_INVAL: its name is not of such a file. */
int state_file_write(const char *state_dir, const struct db_backup_file *f,
		     struct err *err) MUST_CHECK;

/* Whether the folder has an installation's keys. */
bool state_has_keys(const char *state_dir);
/* Whether it has a database, other than an empty file. */
bool state_has_database(const char *state_dir);

/* The owner tag that is kept beside the keys: the caller's; NULL: there is none. */
char *state_owner_read(const char *state_dir);
int state_owner_write(const char *state_dir, const char *owner,
		      struct err *err) MUST_CHECK;

#endif
