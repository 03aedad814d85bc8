/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admin_token.h"

#include "check.h"
#include "clock.h"
#include "events.h"
#include "file.h"
#include "state_files.h"
#include "trust.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

static bool is_used(const struct db_token_list *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].revoked && strcmp(all->v[i].name, name) == 0)
			return true;
	return false;
}

static char *free_name(const struct db_token_list *all)
{
	char *name = xstrdup("admin");

	for (unsigned n = 2; is_used(all, name); n++) {
		free(name);
		name = xasprintf("admin-%u", n);
	}
	return name;
}

static int write_secret(const char *path, const char *secret, struct err *err)
{
	char line[TOKEN_TEXT + 1];
	int n = snprintf(line, sizeof(line), "%s\n", secret);
	int rc = file_write(path, line, (size_t)n, 0600, err);

	gnutls_memset(line, 0, sizeof(line));
	return rc;
}

static int make(struct db *db, const struct db_token_list *all, const char *state_dir,
		char **ret_path, struct err *err)
{
	CLEANUP(free) char *name = free_name(all);
	CLEANUP(free) char *folder = realpath(state_dir, NULL);
	CLEANUP(free)
	char *path = xasprintf("%s/%s-token", folder ? folder : state_dir, name);
	char hash[TOKEN_HASH_TEXT], secret[TOKEN_TEXT];
	const struct db_token t = {
		.name = name,
		.role = DB_ROLE_ADMIN,
		.hash = hash,
		.created_ms = clock_now_ms(),
	};
	int rc;

	token_new(secret);
	token_hash(secret, hash);
	rc = write_secret(path, secret, err);
	gnutls_memset(secret, 0, sizeof(secret));
	if (rc == 0)
		rc = db_token_add(db, &t, NULL, err);
	if (rc < 0)
		return rc;
	event_add(&(struct events){ .db = db }, "token-made", DB_LEVEL_INFO,
		  EVENT_ABOUT(.stack = NULL),
		  "the token '%s' (admin) was made on the controller's machine", name);
	*ret_path = TAKE(path);
	return 0;
}

int admin_token_new(struct db *db, const char *state_dir, char **ret_path,
		    struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list all = { NULL, 0 };
	int rc = db_token_list(db, &all, err);

	return rc < 0 ? rc : make(db, &all, state_dir, ret_path, err);
}

int admin_token_first(struct db *db, const char *state_dir, char **ret_path,
		      struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list all = { NULL, 0 };
	int rc = db_token_list(db, &all, err);

	*ret_path = NULL;
	return rc < 0 || all.n ? rc : make(db, &all, state_dir, ret_path, err);
}

int admin_token_recover(const char *state_dir, char **ret_path, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/foretide.db", state_dir);
	struct db *db = NULL;
	int rc;

	if (!state_has_database(state_dir))
		return err_set(err, ERR_NOT_FOUND,
			       "%s has no database: name the controller's state folder "
			       "with -c or --state-dir; its first start makes a token",
			       state_dir);
	rc = db_open_beside(path, &db, err);
	if (rc == 0)
		rc = admin_token_new(db, state_dir, ret_path, err);
	db_close(db);
	return rc;
}
