/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin_token.h - admin tokens that are made on the controller's machine. The secret goes
 * into a file of the state folder that its owner alone can read, never to a terminal or
 * a log.
 */
#ifndef CONTROLLER_ADMIN_TOKEN_H
#define CONTROLLER_ADMIN_TOKEN_H

#include "db.h"

/*
 * Makes an admin token without an end: "admin", or "admin-2" and so on while the name is
 * in use; its file is STATE_DIR/NAME-token. *ret_path is that file's, the caller's.
 * Records an event. The file is there before the token is valid.
 */
int admin_token_new(struct db *db, const char *state_dir, char **ret_path,
		    struct err *err) MUST_CHECK;
/* The same when there has never been a token; otherwise *ret_path is NULL. */
int admin_token_first(struct db *db, const char *state_dir, char **ret_path,
		      struct err *err) MUST_CHECK;
/*
 * The same from a process of its own, for when no admin is left; a controller may run.
 * ERR_NOT_FOUND: the folder has no database.
 */
int admin_token_recover(const char *state_dir, char **ret_path,
			struct err *err) MUST_CHECK;

#endif
