/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_role.h"

#include "check.h"
#include "role_rights.h"
#include "trust.h"

#include <string.h>

struct store_role *store_role_new(const char *name)
{
	struct store_role *r = xcalloc(1, sizeof(*r));

	r->name = xstrdup(name);
	r->is_dirty = true;
	return r;
}

void store_role_free(struct store_role *r)
{
	if (!r)
		return;
	store_permissions_done(&r->want);
	store_permissions_done(&r->have);
	free(r->name);
	free(r);
}

int store_unless(int rc, int harmless)
{
	return rc == harmless ? 0 : rc;
}

static int make_user(struct store_role *r, struct store_sync *s, const char *secret,
		     bool renew, struct err *err)
{
	char password[TOKEN_TEXT];
	int rc = 0;

	store_user_password(secret, r->name, password);
	if (!r->is_there)
		rc = store_sync_user_add(s, r->name, password, err);
	if (rc == ERR_CONFLICT || (r->is_there && renew))
		rc = store_sync_user_password(s, r->name, password, err);
	explicit_bzero(password, sizeof(password));
	if (rc == 0)
		rc = store_unless(store_sync_role_add(s, r->name, err), ERR_CONFLICT);
	if (rc == 0)
		rc = store_unless(store_sync_user_grant(s, r->name, r->name, err),
				  ERR_CONFLICT);
	if (rc == 0)
		rc = store_sync_role_get(s, r->name, &r->have, err);
	if (rc < 0)
		return rc;
	permissions_sort(&r->have);
	r->is_read = true;
	return 0;
}

static int grant_missing(struct store_role *r, struct store_sync *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->want.n; i++) {
		const struct store_permission *p = &r->want.v[i];
		bool is;
		size_t at = permission_place(&r->have, p, &is);

		if (is && r->have.v[at].may_read == p->may_read &&
		    r->have.v[at].may_write == p->may_write)
			continue;
		rc = store_sync_role_grant(s, r->name, p, err);
	}
	return rc;
}

static int revoke_others(struct store_role *r, struct store_sync *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->have.n; i++) {
		bool is;

		(void)permission_place(&r->want, &r->have.v[i], &is);
		if (!is)
			rc = store_unless(
				store_sync_role_revoke(s, r->name, &r->have.v[i], err),
				ERR_NOT_FOUND);
	}
	return rc;
}

static void copy_wanted(struct store_role *r)
{
	store_permissions_done(&r->have);
	r->have.v = xcalloc(r->want.n + 1, sizeof(*r->have.v));
	for (; r->have.n < r->want.n; r->have.n++) {
		struct store_permission *to = &r->have.v[r->have.n];

		*to = r->want.v[r->have.n];
		to->key = xstrdup(to->key);
		to->end = to->end ? xstrdup(to->end) : NULL;
	}
}

int store_role_follow(struct store_role *r, struct store_sync *s, const char *secret,
		      bool renew, struct err *err)
{
	int rc = r->is_read ? 0 : make_user(r, s, secret, renew, err);

	if (rc == 0)
		rc = grant_missing(r, s, err);
	if (rc == 0)
		rc = revoke_others(r, s, err);
	if (rc < 0) {
		/* What it has now is read the next time. */
		store_permissions_done(&r->have);
		r->is_read = false;
		return err_wrap(err, rc, "the store's role %s", r->name);
	}
	copy_wanted(r);
	r->is_there = true;
	r->is_dirty = false;
	return 0;
}

int store_role_end(const struct store_role *r, struct store_sync *s, struct err *err)
{
	int rc = store_unless(store_sync_user_delete(s, r->name, err), ERR_NOT_FOUND);

	if (rc == 0)
		rc = store_unless(store_sync_role_delete(s, r->name, err), ERR_NOT_FOUND);
	return rc < 0 ? err_wrap(err, rc, "the store's user %s", r->name) : 0;
}
