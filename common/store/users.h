/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * users.h - users, roles and permissions of an etcd, blocking as blocking.h. Once etcd
 * asks for users, the client must be one with the role "root".
 *
 * Errors beyond client.h's: ERR_CONFLICT, it is there already; ERR_NOT_FOUND, there is no
 * such user, role or permission.
 */
#ifndef COMMON_STORE_USERS_H
#define COMMON_STORE_USERS_H

#include "blocking.h"

/* Whether the etcd asks for users; a client with a user only. */
int store_sync_users_asked(struct store_sync *s, bool *ret, struct err *err) MUST_CHECK;
/* From now on it does; needs a user "root" with the role "root". */
int store_sync_users_enable(struct store_sync *s, struct err *err) MUST_CHECK;

/*
 * Reads a key in a transaction within a transaction: ERR_DENIED when the etcd asks there,
 * too, whether the user may.
 */
int store_sync_inner_read(struct store_sync *s, const char *key,
			  struct err *err) MUST_CHECK;

int store_sync_user_add(struct store_sync *s, const char *user, const char *password,
			struct err *err) MUST_CHECK;
/* Ends its tokens. */
int store_sync_user_password(struct store_sync *s, const char *user, const char *password,
			     struct err *err) MUST_CHECK;
int store_sync_user_delete(struct store_sync *s, const char *user,
			   struct err *err) MUST_CHECK;
int store_sync_user_grant(struct store_sync *s, const char *user, const char *role,
			  struct err *err) MUST_CHECK;
/* Names, ends with NULL; the caller frees each, and the list. */
int store_sync_user_list(struct store_sync *s, char ***ret, struct err *err) MUST_CHECK;

int store_sync_role_add(struct store_sync *s, const char *role,
			struct err *err) MUST_CHECK;
int store_sync_role_delete(struct store_sync *s, const char *role,
			   struct err *err) MUST_CHECK;

/* Of the keys [key, end), as in client.h. */
struct store_permission {
	char *key, *end; /* end NULL: that one key */
	bool may_read, may_write;
};
struct store_permissions {
	struct store_permission *v;
	size_t n;
};
void store_permissions_done(struct store_permissions *p);
DEFINE_CLEANUP_OBJECT(struct store_permissions, store_permissions_done);

int store_sync_role_get(struct store_sync *s, const char *role,
			struct store_permissions *ret, struct err *err) MUST_CHECK;
/* In place of one of the same keys. */
int store_sync_role_grant(struct store_sync *s, const char *role,
			  const struct store_permission *p, struct err *err) MUST_CHECK;
int store_sync_role_revoke(struct store_sync *s, const char *role,
			   const struct store_permission *p, struct err *err) MUST_CHECK;

#endif
