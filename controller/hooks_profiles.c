/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_profiles.c - profiles of credentials: their start, and callbacks of the API for
 * them and for what clouds said of pools. Called by the API's threads.
 */
#include "check.h"
#include "wiring.h"

static void on_changed(void *arg, const char *pool)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	pools_renew(d->pools, pool);
	sched_poke(d->sched, pool);
}

int daemon_start_profiles(struct daemon *d, struct err *err)
{
	struct profiles *profiles = NULL;
	int rc;

	d->profiles_opts = (struct profiles_opts){ .pools = &d->pool_opts,
						   .callers = d->pools,
						   .changed = on_changed,
						   .arg = d };
	rc = profiles_start(&d->profiles_opts, &profiles, err);
	if (rc == 0)
		d->profiles = profiles;
	return rc;
}

static int profiles_of(void *arg, struct profiles **ret, struct err *err)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	*ret = d->profiles;
	return *ret ? 0 : err_set(err, ERR_UNAVAIL, "the controller is still starting");
}

static int hook_profiles(void *arg, json_t **ret, struct err *err)
{
	struct profiles *p;
	int rc = profiles_of(arg, &p, err);

	return rc < 0 ? rc : profiles_list(p, ret, err);
}

static int hook_profile(void *arg, const char *name, json_t **ret, struct err *err)
{
	struct profiles *p;
	int rc = profiles_of(arg, &p, err);

	return rc < 0 ? rc : profiles_get(p, name, ret, err);
}

static int hook_check_profile(void *arg, const char *name, json_t **ret, struct err *err)
{
	struct profiles *p;
	int rc = profiles_of(arg, &p, err);

	return rc < 0 ? rc : profiles_check(p, name, ret, err);
}

static json_t *hook_pool_live(void *arg, const struct db_pool *pool)
{
	struct daemon *d = arg;
	struct profiles *p;
	CLEANUP(json_decref) json_t *said = NULL;
	json_t *ret;

	if (profiles_of(d, &p, NULL) < 0)
		return NULL;
	ret = profiles_of_pool(p, pool);
	said = pools_said(d->pools, pool->name);
	/* Before it was asked for with the pool's own options, a check may have it. */
	if (json_is_null(json_object_get(said, "quota"))) {
		json_object_set(said, "quota", json_object_get(ret, "quota"));
		if (!json_is_null(json_object_get(ret, "quota")))
			json_object_set(said, "quota_read",
					json_object_get(ret, "checked"));
	}
	json_object_update(ret, said);
	return ret;
}

static int hook_gates(void *arg, json_t **ret, struct err *err)
{
	struct daemon *d = arg;
	struct profiles *p;
	/* The pools are there before them. */
	int rc = profiles_of(d, &p, err);

	if (rc == 0)
		*ret = pools_gates(d->pools);
	return rc;
}

void daemon_profile_hooks(struct api_hooks *ret)
{
	ret->profiles = hook_profiles;
	ret->profile = hook_profile;
	ret->check_profile = hook_check_profile;
	ret->pool_live = hook_pool_live;
	ret->gates = hook_gates;
}
