/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_asks.h"

#include "check.h"
#include "store_role.h"
#include "trust.h"

#define TRIED "foretide-may-nothing"

static int set_up(struct store_sync *s, const struct store_opts *o, struct err *err)
{
	int rc = store_sync_user_add(s, o->user, o->password, err);

	if (rc == ERR_CONFLICT)
		rc = store_sync_user_password(s, o->user, o->password, err);
	if (rc == 0)
		rc = store_unless(store_sync_role_add(s, "root", err), ERR_CONFLICT);
	if (rc == 0)
		rc = store_unless(store_sync_user_grant(s, o->user, "root", err),
				  ERR_CONFLICT);
	if (rc == 0)
		rc = store_sync_users_enable(s, err);
	return rc < 0 ? err_wrap(err, rc, "setting up the store's users") : 0;
}

/* Older ones check outer transactions alone: GHSA-rfx7-8w68-q57q. */
static int read_as_nobody(struct store_asks *a, const struct store_opts *o,
			  const char *password, struct err *err)
{
	CLEANUP(store_sync_close) struct store_sync *s = NULL;
	struct store_opts mine = *o;
	int rc;

	mine.user = TRIED;
	mine.password = password;
	rc = store_sync_open(&mine, &s, err);
	if (rc == 0)
		rc = store_sync_inner_read(s, "/foretide/", err);
	a->is_passed = rc == 0;
	a->is_tried = rc == 0 || rc == ERR_DENIED;
	return a->is_tried ? 0 : rc;
}

static int try(struct store_asks *a, struct store_sync *s, const struct store_opts *o,
	       struct err *err)
{
	char password[TOKEN_TEXT];
	int rc;

	token_new(password);
	rc = store_sync_user_add(s, TRIED, password, err);
	if (rc == ERR_CONFLICT)
		rc = store_sync_user_password(s, TRIED, password, err);
	if (rc == 0)
		rc = read_as_nobody(a, o, password, err);
	if (rc == 0)
		rc = store_unless(store_sync_user_delete(s, TRIED, err), ERR_NOT_FOUND);
	return rc < 0 ? err_wrap(err, rc, "trying the store with the user " TRIED) : 0;
}

int store_asks_find(struct store_asks *a, struct store_sync *s,
		    const struct store_opts *o, bool sets_up, struct err *err)
{
	int rc = 0;

	/* Somebody may have turned it on meanwhile. */
	if (!a->is_known || !a->is_asking)
		rc = store_sync_users_asked(s, &a->is_asking, err);
	if (rc == 0 && !a->is_asking && sets_up) {
		rc = set_up(s, o, err);
		if (rc == 0)
			rc = store_sync_users_asked(s, &a->is_asking, err);
	}
	a->is_known = rc == 0;
	return rc < 0 || !a->is_asking || a->is_tried ? rc : try(a, s, o, err);
}
