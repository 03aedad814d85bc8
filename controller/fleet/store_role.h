/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_role.h - one user of an etcd, and its role of the same name: made, changed and
 * ended by what differs.
 */
#ifndef CONTROLLER_FLEET_STORE_ROLE_H
#define CONTROLLER_FLEET_STORE_ROLE_H

#include "store.h"

struct store_role {
	char *name;
	bool is_gone;  /* it has to end */
	bool is_dirty; /* something is to be sent */
	bool is_there; /* the user is known to be there */
	bool is_read;  /* have is what the role has */
	struct store_permissions want, have;
};

struct store_role *store_role_new(const char *name); /* dirty */
void store_role_free(struct store_role *r);
DEFINE_CLEANUP(struct store_role *, store_role_free);

/* An answer that is as good as success becomes 0. */
int store_unless(int rc, int harmless);

/*
 * Makes it what is wanted, with a password from secret; a user that is there already gets
 * it only when renew is set, as that ends its tokens. After an error what the role has is
 * read again.
 */
int store_role_follow(struct store_role *r, struct store_sync *s, const char *secret,
		      bool renew, struct err *err) MUST_CHECK;
int store_role_end(const struct store_role *r, struct store_sync *s,
		   struct err *err) MUST_CHECK;

#endif
