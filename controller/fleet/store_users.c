/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_users.h"

#include "check.h"
#include "etcd.h"
#include "role_rights.h"
#include "sorted.h"
#include "store_asks.h"
#include "store_role.h"
#include "trust.h"

#include <string.h>

#define BUDGET_MS 2000
#define META "store_users" /* whose passwords the etcd has */

struct store_users {
	const struct store_users_opts *o;
	struct store_role **v; /* by name */
	size_t n;
	struct store_asks asks;
	bool is_listed;  /* who is there already */
	bool is_checked; /* passwords_are_ours is */
	bool passwords_are_ours;
};

/* ---------------------------------------------------------------- what is wanted */

static size_t place(const struct store_users *u, const char *name, bool *ret_is)
{
	size_t at = SORTED_PLACE(u->n, i, strcmp(u->v[i]->name, name) < 0);

	*ret_is = at < u->n && strcmp(u->v[at]->name, name) == 0;
	return at;
}

static struct store_role *add_at(struct store_users *u, size_t at, const char *name)
{
	u->v = xrealloc(u->v, (u->n + 1) * sizeof(struct store_role *));
	memmove(u->v + at + 1, u->v + at, (u->n++ - at) * sizeof(struct store_role *));
	u->v[at] = store_role_new(name);
	return u->v[at];
}

static void want(struct store_users *u, const char *kind, const char *host,
		 struct store_permissions p)
{
	CLEANUP(free) char *name = store_user_name(kind, host);
	bool is;
	size_t at = place(u, name, &is);
	struct store_role *r = is ? u->v[at] : add_at(u, at, name);

	store_permissions_done(&r->want);
	r->want = p;
	r->is_gone = false;
	r->is_dirty = true;
}

void store_users_set(void *arg, const struct kv_rights *r)
{
	want(arg, STORE_USER_OF_HOST, r->host, role_of_agent(r));
	want(arg, STORE_USER_OF_PROGRAMS, r->host, role_of_programs(r));
}

static void drop(struct store_users *u, const char *kind, const char *host)
{
	CLEANUP(free) char *name = store_user_name(kind, host);
	bool is;
	size_t at = place(u, name, &is);

	if (is)
		u->v[at]->is_gone = u->v[at]->is_dirty = true;
}

void store_users_drop(void *arg, const char *host)
{
	drop(arg, STORE_USER_OF_HOST, host);
	drop(arg, STORE_USER_OF_PROGRAMS, host);
}

/* ---------------------------------------------------------------- the etcd */

/* Derived from this secret, at this etcd. */
static void fingerprint(const struct store_users *u, char ret[TOKEN_HASH_TEXT])
{
	CLEANUP(free)
	char *text = xasprintf("store users %s %s", u->o->secret, u->o->store->endpoints);

	token_hash(text, ret);
}

static int check_passwords(struct store_users *u, struct err *err)
{
	CLEANUP(free) char *kept = NULL;
	char ours[TOKEN_HASH_TEXT];
	int rc;

	if (u->is_checked)
		return 0;
	fingerprint(u, ours);
	rc = store_unless(db_meta_get(u->o->db, META, &kept, err), ERR_NOT_FOUND);
	if (rc < 0)
		return rc;
	u->passwords_are_ours = kept && strcmp(kept, ours) == 0;
	u->is_checked = true;
	return 0;
}

static bool is_of_host(const char *name)
{
	return strncmp(name, STORE_USER_OF_HOST, strlen(STORE_USER_OF_HOST)) == 0 ||
	       strncmp(name, STORE_USER_OF_PROGRAMS, strlen(STORE_USER_OF_PROGRAMS)) == 0;
}

static void list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
DEFINE_CLEANUP(char **, list_free);

static int list(struct store_users *u, struct store_sync *s, struct err *err)
{
	CLEANUP(list_free) char **names = NULL;
	const bool may_delete = clock_wait_left_ms(&u->o->care) <= 0;
	int rc;

	if (u->is_listed)
		return 0;
	rc = store_sync_user_list(s, &names, err);
	for (size_t i = 0; rc == 0 && names[i]; i++) {
		bool is;
		size_t at = place(u, names[i], &is);

		if (is)
			u->v[at]->is_there = true;
		else if (may_delete && is_of_host(names[i]))
			add_at(u, at, names[i])->is_gone = true;
	}
	u->is_listed = rc == 0 && may_delete;
	return rc;
}

/* ---------------------------------------------------------------- all roles */

/* The next role would fail in the same way. */
static bool is_hopeless(int rc)
{
	return rc == ERR_UNAVAIL || rc == ERR_TIMEOUT || rc == ERR_DENIED;
}

static int follow_one(struct store_users *u, struct store_role *r, struct store_sync *s,
		      struct err *err)
{
	return r->is_gone ? store_role_end(r, s, err)
			  : store_role_follow(r, s, u->o->secret, !u->passwords_are_ours,
					      err);
}

struct turn {
	struct store_sync *s;
	int64_t until_ms;
	bool more; /* not all was sent */
	int rc;    /* of the last that failed */
	struct err *err;
};

/* Of those that end, or of the others. */
static void follow_those(struct store_users *u, bool gone, struct turn *t)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct store_role *r = u->v[i];
		struct err why;
		int one;

		u->v[n++] = r;
		if (!r->is_dirty || r->is_gone != gone)
			continue;
		if (clock_mono_ms() >= t->until_ms || is_hopeless(t->rc)) {
			t->more = true;
			continue;
		}
		one = follow_one(u, r, t->s, &why);
		if (one < 0) {
			t->rc = one;
			*t->err = why;
		} else if (gone) {
			store_role_free(r);
			n--;
		}
	}
	u->n = n;
}

/* Who is no more does not wait for those who come. */
static int follow_all(struct store_users *u, struct store_sync *s, bool *ret_more,
		      struct err *err)
{
	struct turn t = {
		.s = s,
		.until_ms =
			clock_mono_ms() + (u->o->budget_ms ? u->o->budget_ms : BUDGET_MS),
		.err = err,
	};

	follow_those(u, true, &t);
	follow_those(u, false, &t);
	*ret_more = t.more;
	return t.rc;
}

static bool has_user(const struct store_users *u)
{
	return u->o->store->user && *u->o->store->user;
}

int store_users_apply(struct store_users *u, struct store_sync *s, bool *ret_more,
		      struct err *err)
{
	char ours[TOKEN_HASH_TEXT];
	int rc;

	*ret_more = false;
	if (!has_user(u))
		return 0;
	if ((rc = store_asks_find(&u->asks, s, u->o->store, u->o->sets_up, err)) < 0 ||
	    !u->asks.is_asking || (rc = check_passwords(u, err)) < 0 ||
	    (rc = list(u, s, err)) < 0 || (rc = follow_all(u, s, ret_more, err)) < 0)
		return rc;
	if (u->passwords_are_ours || *ret_more)
		return 0;
	fingerprint(u, ours);
	rc = db_meta_put(u->o->db, META, ours, err);
	u->passwords_are_ours = rc == 0;
	return rc;
}

bool store_users_open_problem(const struct store_users *u, char *text, size_t size)
{
	static const char all[] = "every host may read and write all of the store, "
				  "secrets of all stacks too";

	if (!has_user(u))
		snprintf(text, size,
			 "%s: let etcd ask for users, with [store] user, password_file "
			 "and auth = on in foretide.conf, or use the built-in store",
			 all);
	else if (u->asks.is_known && !u->asks.is_asking)
		snprintf(text, size,
			 "%s: [store] user is set, but etcd does not ask for users; run "
			 "'etcdctl auth enable', or set [store] auth = on",
			 all);
	else if (u->asks.is_passed)
		snprintf(text, size,
			 "%s, since this etcd does not check inner transactions "
			 "(GHSA-rfx7-8w68-q57q): use 3.4.44, 3.5.30, 3.6.11 or later, or "
			 "the built-in store",
			 all);
	else
		return false;
	return true;
}

struct store_users *store_users_new(const struct store_users_opts *opts)
{
	struct store_users *u = xcalloc(1, sizeof(*u));

	u->o = opts;
	return u;
}

void store_users_free(struct store_users *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++)
		store_role_free(u->v[i]);
	free(u->v);
	free(u);
}
