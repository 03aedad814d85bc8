/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "own_user.h"

#include "check.h"
#include "cleanup.h"

#include <string.h>
#include <sys/stat.h>

#define PASSWORD_MAX_BYTES 4096

static bool is_set(const char *text)
{
	return text && *text;
}

static int check_options(const struct options *o, struct err *err)
{
	if (!is_set(o->store_user) && (o->store_auth || is_set(o->store_password_file)))
		return err_set(err, ERR_INVAL,
			       "store.user must be set with store.password_file and "
			       "store.auth");
	if (!is_set(o->store_user))
		return 0;
	if (!is_set(o->store_url))
		return err_set(
			err, ERR_INVAL,
			"store.user is of an etcd: set store.url, or leave it out");
	if (!is_set(o->store_password_file))
		return err_set(err, ERR_INVAL,
			       "store.user needs store.password_file, a file with its "
			       "password");
	if (o->store_auth && strcmp(o->store_user, "root") != 0)
		return err_set(err, ERR_INVAL,
			       "store.auth = on makes the user root: set store.user = "
			       "root");
	return 0;
}

static int check_private(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, ERR_NOT_FOUND, "store.password_file %s", path);
	if (st.st_mode & 077)
		return err_set(err, ERR_DENIED,
			       "store.password_file %s has mode %04o, so others could "
			       "read it; run chmod 0600 %s",
			       path, (unsigned)(st.st_mode & 07777), path);
	return 0;
}

int own_user_password(const struct options *o, char **ret, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	int rc = check_options(o, err);

	*ret = NULL;
	if (rc < 0 || !is_set(o->store_user))
		return rc;
	rc = check_private(o->store_password_file, err);
	if (rc == 0)
		rc = conf_read_file(o->store_password_file, PASSWORD_MAX_BYTES, &text,
				    NULL, err);
	if (rc < 0)
		return rc;
	text[strcspn(text, "\r\n")] = '\0';
	if (!*text)
		return err_set(err, ERR_INVAL, "store.password_file %s is empty",
			       o->store_password_file);
	*ret = TAKE(text);
	return 0;
}
