/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state_files.h"

#include "check.h"
#include "cleanup.h"
#include "file.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "ca/"
#define FILE_MAX_BYTES (64 << 10)

DEFINE_CLEANUP(DIR *, closedir);

void state_files_done(struct state_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		char *data = (char *)(uintptr_t)f->v[i].data;

		gnutls_memset(data, 0, f->v[i].len);
		free(data);
		free((char *)(uintptr_t)f->v[i].name);
	}
	f->n = 0;
}

static int read_one(const char *state_dir, const char *name, struct state_files *ret,
		    struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/" FOLDER "%s", state_dir, name);
	struct db_backup_file *f = &ret->v[ret->n];
	char *data = NULL;
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (ret->n == STATE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "%s/" FOLDER " has more than %d files",
			       state_dir, STATE_FILES_MAX);
	rc = conf_read_file(path, FILE_MAX_BYTES, &data, &f->len, err);
	if (rc < 0)
		return rc;
	f->data = data;
	f->mode = st.st_mode & 0777;
	f->name = xasprintf(FOLDER "%s", name);
	ret->n++;
	return 0;
}

int state_files_read(const char *state_dir, struct state_files *ret, struct err *err)
{
	CLEANUP(free) char *folder = xasprintf("%s/" FOLDER, state_dir);
	CLEANUP(closedir) DIR *d = opendir(folder);
	const struct dirent *e;
	int rc = 0;

	ret->n = 0;
	if (!d)
		return err_errno(err, ERR_STORE, "cannot read %s", folder);
	while (rc == 0 && (e = readdir(d)))
		rc = read_one(state_dir, e->d_name, ret, err);
	if (rc < 0)
		state_files_done(ret);
	return rc;
}

/* A backup may come from anywhere: no path out of the folder. */
static bool is_name(const char *name)
{
	const size_t n = strlen(FOLDER);

	return strncmp(name, FOLDER, n) == 0 && name[n] && name[n] != '.' &&
	       strspn(name + n, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
		       strlen(name + n);
}

int state_file_write(const char *state_dir, const struct db_backup_file *f,
		     struct err *err)
{
	CLEANUP(free) char *folder = xasprintf("%s/" FOLDER, state_dir);
	CLEANUP(free) char *path = xasprintf("%s/%s", state_dir, f->name);

	if (!is_name(f->name))
		return err_set(err, ERR_INVAL, "'%s' is no file of a state folder",
			       f->name);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_STORE, "cannot create %s", folder);
	return file_write(path, f->data ? f->data : "", f->len, f->mode & 0644, err);
}

bool state_has_keys(const char *state_dir)
{
	CLEANUP(free) char *path = xasprintf("%s/" FOLDER "ca.pem", state_dir);

	return access(path, F_OK) == 0;
}

bool state_has_database(const char *state_dir)
{
	CLEANUP(free) char *path = xasprintf("%s/foretide.db", state_dir);
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

char *state_owner_read(const char *state_dir)
{
	CLEANUP(free) char *path = xasprintf("%s/" FOLDER "owner", state_dir);
	char *text = NULL;

	if (conf_read_file(path, FILE_MAX_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

int state_owner_write(const char *state_dir, const char *owner, struct err *err)
{
	CLEANUP(free) char *line = xasprintf("%s\n", owner);
	const struct db_backup_file f = { FOLDER "owner", 0644, line, strlen(line) };

	return state_file_write(state_dir, &f, err);
}
