/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_users.h - rights of hosts at an etcd: a user and a role for the agent of each
 * host, and for its programs, kept as rights.h says.
 *
 * Only differences are sent, and only for so long in one round: the rest in the next.
 * What a host gets is granted before it loses anything. A role that is there already is
 * read first; users of hosts that are no more are deleted.
 */
#ifndef CONTROLLER_FLEET_STORE_USERS_H
#define CONTROLLER_FLEET_STORE_USERS_H

#include "clock.h"
#include "db.h"
#include "store.h"

struct store_users_opts {
	struct db *db;
	/* As the controller uses it; without a user nothing is set up. */
	const struct store_opts *store;
	bool sets_up; /* an etcd without users gets them, and asks for them from then on
		       */
	const char *secret;     /* passwords of hosts are derived from it */
	struct clock_wait care; /* after a restore: no user is deleted meanwhile */
	int64_t budget_ms;      /* of one round; 0: 2000 */
};

struct store_users;
struct kv_rights;

/* What opts points to must outlive it. */
struct store_users *store_users_new(const struct store_users_opts *opts);
void store_users_free(struct store_users *u); /* NULL is allowed */
DEFINE_CLEANUP(struct store_users *, store_users_free);

/* As of rights_opts, with a struct store_users. */
void store_users_set(void *arg, const struct kv_rights *r);
void store_users_drop(void *arg, const char *host);

/*
 * Sends what differs; call it when all hosts' rights were set. ret_more: not all was
 * sent. On an error the rest is sent all the same, where that makes sense, and all of it
 * again in the next round.
 */
int store_users_apply(struct store_users *u, struct store_sync *s, bool *ret_more,
		      struct err *err) MUST_CHECK;

/* Whether every host may do everything at the etcd, and what to do about it. */
bool store_users_open_problem(const struct store_users *u, char *text, size_t size);

#endif
